/**
 * The part of the public API that the page stands on. The page never reaches past it, so whatever it shows any user
 * of the package can have, and a test can hand it a cluster of its own making.
 */

import type {
  ClusterOptions,
  ConfigEntry,
  Ended,
  Fetched,
  FetchRequest,
  ImportOptions,
  NewTopic,
  Produced,
  ProduceRequest,
  Status,
  Topic,
  Trace,
} from '../public/types.js';

export interface RunningCluster {
  readonly name: string;
  readonly clusterId: string;
  readonly mode: 'read-write' | 'read-only';
  readonly storage: 'indexeddb' | 'memory';
  readonly closed: Promise<Ended>;
  createTopic(topic: NewTopic): Promise<void>;
  deleteTopic(name: string): Promise<void>;
  topics(): Promise<Topic[]>;
  configs(topic: string): Promise<ConfigEntry[]>;
  alterConfigs(topic: string, edits: Record<string, string | null>): Promise<void>;
  produce(request: ProduceRequest): Promise<Produced>;
  fetch(request: FetchRequest): Promise<Fetched>;
  offset(
    topic: string,
    partition: number,
    at: 'earliest' | 'latest' | 'max-timestamp' | Date,
  ): Promise<{ offset: bigint; timestamp?: Date } | undefined>;
  status(): Promise<Status>;
  trace(after?: bigint): Promise<Trace>;
  export(onProgress?: (done: number, total: number) => void): Promise<Blob>;
  reopen(): Promise<void>;
  stop(): Promise<void>;
}

export interface ClusterDoor {
  start(options?: ClusterOptions): Promise<RunningCluster>;
  delete(name?: string): Promise<void>;
  import(file: Blob, options?: ImportOptions): Promise<RunningCluster>;
}
