/** What the package's users see, in Kafka's words. Offsets are bigint; times are Date; sizes are bytes. */

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

export interface ClusterOptions {
  /** 1 to 64 of a-z, 0-9 and '-'. The IndexedDB database is `ottla-<name>`. Default 'default'. */
  name?: string;
  /** Default 'indexeddb'. There is no silent fallback: without it `start` rejects with 'no-storage'. */
  storage?: 'indexeddb' | 'memory';
  /** When a write counts: 'relaxed' survives the browser's end, 'strict' a power cut as well. Default 'relaxed'. */
  durability?: 'relaxed' | 'strict';
  /**
   * 'exclusive' (default) rejects with 'in-use' while another tab has the cluster; 'copy' opens a consistent copy
   * named `<name>-copy-N`; 'read-only' a consistent snapshot in memory that never writes to the database.
   */
  open?: 'exclusive' | 'copy' | 'read-only';
  brokers?: 1;
  /**
   * Broker configs by Kafka's names. 'log.flush.interval.messages' is '1' in a tab unless it is given: what is
   * acknowledged is in storage.
   */
  config?: Record<string, string>;
  wasm?: URL | string | WebAssembly.Module | BufferSource;
  /** Progress of opening, in bytes scanned. */
  onRecovery?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** `import` only. */
export interface ImportOptions extends ClusterOptions {
  /** Throw away what the cluster of that name holds. */
  replace?: boolean;
}

export interface Ended {
  reason: 'stopped' | 'killed' | 'panicked' | 'gone';
  message?: string;
}

export interface Partition {
  partition: number;
  leader: number;
  leaderEpoch: number;
  logStart: bigint;
  highWatermark: bigint;
  logEnd: bigint;
  /** What storage has confirmed: `logEnd` or less. */
  committedEnd: bigint;
  bytes: number;
  segments: number;
}

export interface Topic {
  name: string;
  /** As Kafka prints topic ids. */
  id: string;
  partitions: Partition[];
}

export interface NewTopic {
  name: string;
  partitions?: number;
  configs?: Record<string, string>;
}

export interface ConfigEntry {
  name: string;
  value: string | null;
  /** Kafka's word: DYNAMIC_TOPIC_CONFIG, DEFAULT_CONFIG, … */
  source: string;
  readOnly: boolean;
  documentation: string;
}

export interface NewRecord {
  key?: Uint8Array | string | null;
  /** null: a tombstone. */
  value?: Uint8Array | string | null;
  headers?: [string, Uint8Array | string | null][];
  timestamp?: Date | number;
}

export interface ProduceRequest {
  topic: string;
  partition: number;
  records: NewRecord[];
  compression?: Exclude<Compression, 'zstd'>;
  acks?: -1 | 0 | 1;
  signal?: AbortSignal;
}

export interface Produced {
  topic: string;
  partition: number;
  /** -1 with acks=0. */
  baseOffset: bigint;
  appendTime?: Date;
}

export interface FetchRequest {
  topic: string;
  partition: number;
  offset: bigint;
  maxBytes?: number;
  maxWaitMs?: number;
  minBytes?: number;
  signal?: AbortSignal;
}

export interface Fetched {
  highWatermark: bigint;
  logStart: bigint;
  batches: Batch[];
}

export interface Batch {
  baseOffset: bigint;
  lastOffset: bigint;
  leaderEpoch: number;
  magic: number;
  crc: number;
  attributes: number;
  compression: Compression;
  timestampType: 'CreateTime' | 'LogAppendTime';
  maxTimestamp: Date;
  producerId: bigint;
  producerEpoch: number;
  baseSequence: number;
  /** The whole batch as it lies in the log. */
  bytes: Uint8Array;
  records: StoredRecord[];
}

export interface StoredRecord {
  offset: bigint;
  timestamp: Date;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: [string, Uint8Array | null][];
}

export interface Status {
  state: 'online' | 'read-only' | 'offline';
  /** A word of the trace: 'no-space', 'aborted', 'gone', 'timed-out', … */
  why?: string;
  /**
   * What a loss of power may take of what was acknowledged: 'strict' nothing, 'relaxed' the last seconds, 'none' (in
   * memory) everything. 'relaxed' too where 'strict' was asked for and the browser does not know it.
   */
  durability: 'relaxed' | 'strict' | 'none';
  /** Record bytes held in memory. */
  hotBytes: number;
  events: number;
  wasmBytes: number;
  storedBytes: number;
  uptimeMs: number;
  brokerEpoch: number;
}

/**
 * One event of the trace: an id and its parameters, never prose. Names and fields are the core's own
 * (`RequestReceived { request, connection, api_key, … }`); a topic is its id as Kafka prints it.
 */
export interface TraceEvent {
  number: bigint;
  /** Microseconds since the broker's clock began. */
  at: number;
  node: number;
  name: string;
  [field: string]: number | string | boolean | bigint;
}

export interface Trace {
  /** Pass it as `after` to go on from here. */
  next: bigint;
  /** Events that had left the ring before they were read. */
  missed: bigint;
  events: TraceEvent[];
}

/** Raw bytes to and from the broker, as over a socket. */
export interface Connection extends AsyncIterable<Uint8Array> {
  send(bytes: Uint8Array): void;
  close(): void;
}

/** The same simulated world that the tests run: what a `Lab` says of it. Times are microseconds of virtual time. */
export interface LabOptions {
  wasm?: ClusterOptions['wasm'];
  signal?: AbortSignal;
}

/** Where to stand still: right behind one of these events, or at a moment, whichever comes first. */
export interface LabUntil {
  /** Names of events of any machine: 'fault', 'answered', 'HighWatermarkMoved', … */
  events?: string[];
  at?: number;
}

export interface LabState {
  now: number;
  /** The furthest it has been; of a journal at least where that says it ended. */
  end: number;
  /** How long faults go on. */
  duration: number;
  step: number;
  phase: 'faults' | 'healing' | 'reading' | 'over';
  /** 16 hexadecimal digits: what happened, in which order, up to now. */
  digest: string;
  seed: string;
  /** The engine's. */
  build: string;
  /** The journal names another build than the engine's; it ended elsewhere than it says. */
  notes: ('other-build' | 'other-end')[];
  /** A world that broke an invariant stands still from then on. */
  violation?: LabViolation;
  brokers: LabBroker[];
  /** Ids as events name topics by. */
  topics: { id: string; name: string }[];
  visitors: LabVisitor[];
  /** An estimate. */
  snapshots: { count: number; bytes: number };
}

export interface LabViolation {
  /** As in `core/invariants.md`. */
  code: string;
  at: number;
  what: string;
}

export interface LabBroker {
  id: number;
  state: 'down' | 'opening' | 'serving' | 'stopping' | 'paused';
  partitions: LabPartition[];
}

export interface LabPartition {
  topic: string;
  partition: number;
  logStart: number;
  highWatermark: number;
  logEnd: number;
}

/** A client of the world, with its calls that are not answered yet. */
export interface LabVisitor {
  index: number;
  waiting: { question: string; since: number }[];
}

/** One thing that happened. Names and fields of brokers' events are those of `TraceEvent`. */
export interface LabEvent {
  number: number;
  at: number;
  who: 'broker' | 'visitor' | 'world';
  index: number;
  name: string;
  [field: string]: string | number | boolean;
}
