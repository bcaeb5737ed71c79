/**
 * The part of the public API that the page stands on. The page never reaches past it, so whatever it shows any user
 * of the package can have, and a test can hand it a cluster of its own making.
 */

import type { Cluster } from '../public/cluster.js';
import type { ClusterOptions, ImportOptions } from '../public/types.js';

export type RunningCluster = Omit<Cluster, 'deleteRecords' | 'connect' | 'kill' | typeof Symbol.asyncDispose>;

export interface ClusterDoor {
  start(options?: ClusterOptions): Promise<RunningCluster>;
  delete(name?: string): Promise<void>;
  import(file: Blob, options?: ImportOptions): Promise<RunningCluster>;
}
