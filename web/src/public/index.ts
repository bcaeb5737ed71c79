/** The package's front door. Nothing runs on import. */

export type * from './types.js';
