/** The package's front door. Nothing runs on import. */

export { Cluster } from './cluster.js';
export { OttlaError } from './error.js';
export { Lab } from './lab.js';
export type * from './types.js';
