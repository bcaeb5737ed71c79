/** The package's front door. Nothing runs on import. */

export { Cluster } from './cluster.js';
export { OttlaError } from './error.js';
export type * from './types.js';
