/**
 * A stand-in for a cluster, for tests of the page's own behaviour. It answers at once, keeps everything in memory, and
 * can be told to fail. Never part of the built page.
 */

import type { ClusterDoor, RunningCluster } from '../src/internal/cluster.js';
import type {
  Batch,
  ClusterOptions,
  ConfigEntry,
  Ended,
  Fetched,
  FetchRequest,
  NewRecord,
  NewTopic,
  Produced,
  ProduceRequest,
  Status,
  StoredRecord,
  Topic,
  Trace,
  TraceEvent,
} from '../src/public/types.js';
import { batchBytes } from './batch.js';

export class FakeError extends Error {
  constructor(
    readonly code: string,
    readonly detail?: string,
  ) {
    super(code);
  }
}

const encode = (text: Uint8Array | string | null | undefined) =>
  typeof text === 'string' ? new TextEncoder().encode(text) : (text ?? null);

const CONFIGS: [string, string, string][] = [
  ['retention.ms', '604800000', 'How long a record is kept.'],
  ['retention.bytes', '-1', 'How large a partition may grow before old segments are deleted.'],
  ['flush.messages', '1', 'After how many records the log is flushed.'],
  ['segment.bytes', '1073741824', 'The size of a segment file.'],
  ['max.message.bytes', '1048588', 'The largest batch that is taken.'],
  ['cleanup.policy', 'delete', 'What happens to old segments.'],
];

export class FakeCluster implements RunningCluster {
  readonly clusterId = 'AAAAAAAAAAAAAAAAAAAAAA';
  readonly storage = 'indexeddb';
  readonly closed: Promise<Ended>;
  end!: (ended: Ended) => void;
  statusNow: Status = {
    state: 'online',
    durability: 'relaxed',
    hotBytes: 0,
    events: 0,
    wasmBytes: 4 << 20,
    storedBytes: 0,
    uptimeMs: 0,
    brokerEpoch: 1,
  };
  failing = new Map<string, FakeError>();
  #topics = new Map<string, { topic: Topic; batches: Batch[][]; configs: Map<string, string> }>();
  #events: TraceEvent[] = [];
  #number = 0n;
  #request = 0;
  #waiting = new Set<() => void>();

  constructor(
    readonly name = 'default',
    readonly mode: 'read-write' | 'read-only' = 'read-write',
  ) {
    this.closed = new Promise(end => (this.end = end));
    this.#emit('BrokerStarted', {});
    this.#emit('ConnectionOpened', { connection: 1, processor: 0 });
  }

  async createTopic({ name, partitions = 1 }: NewTopic): Promise<void> {
    const end = this.#begin(19, 'createTopic');
    if (!/^[\w.-]{1,249}$/.test(name)) end('INVALID_TOPIC_EXCEPTION');
    if (this.#topics.has(name)) end('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`);
    const id = `id-of-${name}-${this.#number}`;
    const topic: Topic = {
      name,
      id,
      partitions: Array.from({ length: partitions }, (_, partition) => ({
        partition,
        leader: 1,
        leaderEpoch: 0,
        logStart: 0n,
        highWatermark: 0n,
        logEnd: 0n,
        committedEnd: 0n,
        bytes: 0,
        segments: 1,
      })),
    };
    this.#topics.set(name, { topic, batches: topic.partitions.map(() => []), configs: new Map() });
    this.#emit('TopicCreated', { topic: id, partitions });
    end();
  }

  async deleteTopic(name: string): Promise<void> {
    const end = this.#begin(20, 'deleteTopic');
    const topic = this.#find(name).topic;
    this.#topics.delete(name);
    this.#emit('TopicDeleted', { topic: topic.id });
    end();
  }

  async topics(): Promise<Topic[]> {
    this.#begin(3, 'topics')();
    return [...this.#topics.values()].map(({ topic }) => structuredClone(topic));
  }

  async configs(name: string): Promise<ConfigEntry[]> {
    this.#begin(32, 'configs')();
    const { configs } = this.#find(name);
    return CONFIGS.map(([config, value, documentation]) => ({
      name: config,
      value: configs.get(config) ?? value,
      source: configs.has(config) ? 'DYNAMIC_TOPIC_CONFIG' : 'DEFAULT_CONFIG',
      readOnly: false,
      documentation,
    }));
  }

  async alterConfigs(name: string, edits: Record<string, string | null>): Promise<void> {
    const end = this.#begin(44, 'alterConfigs');
    const { configs, topic } = this.#find(name);
    for (const [config, value] of Object.entries(edits)) {
      if (config === 'retention.ms' && value !== null && !/^-?\d+$/.test(value)) end('INVALID_CONFIG');
      if (value === null) configs.delete(config);
      else configs.set(config, value);
    }
    this.#emit('ConfigChanged', { topic: topic.id });
    end();
  }

  async produce({ topic: name, partition, records, compression = 'none' }: ProduceRequest): Promise<Produced> {
    const end = this.#begin(0, 'produce');
    const { topic, batches } = this.#find(name);
    const part = topic.partitions[partition]!;
    const batch = makeBatch(part.logEnd, records, compression);
    const request = this.#request;
    this.#emit('BatchAppended', {
      request,
      topic: topic.id,
      partition,
      offset: Number(batch.baseOffset),
      records: records.length,
      bytes: batch.bytes.length,
    });
    this.#emit('RequestParked', { request, why: 'flush' });
    this.#emit('CommitIssued', { io: request, ops: 1, bytes: batch.bytes.length, sync: false });
    this.#emit('CommitDone', { io: request }, 900);
    this.#emit('RequestReleased', { request, expired: false });
    batches[partition]!.push(batch);
    const from = Number(part.highWatermark);
    part.logEnd = part.highWatermark = part.committedEnd = batch.lastOffset + 1n;
    part.bytes += batch.bytes.length;
    this.statusNow = { ...this.statusNow, storedBytes: this.statusNow.storedBytes + batch.bytes.length };
    this.#emit('HighWatermarkMoved', { topic: topic.id, partition, from, to: Number(part.highWatermark) });
    end();
    for (const wake of this.#waiting) wake();
    return { topic: name, partition, baseOffset: batch.baseOffset };
  }

  async fetch({ topic: name, partition, offset, maxWaitMs = 0, signal }: FetchRequest): Promise<Fetched> {
    const end = this.#begin(1, 'fetch');
    const request = this.#request;
    const { topic, batches } = this.#find(name);
    const part = topic.partitions[partition]!;
    if (offset >= part.highWatermark && maxWaitMs > 0) {
      this.#emit('RequestParked', { request, why: 'more-bytes' });
      await this.#more(maxWaitMs, signal);
      this.#emit('RequestReleased', { request, expired: offset >= part.highWatermark });
    }
    end();
    return {
      highWatermark: part.highWatermark,
      logStart: part.logStart,
      batches: batches[partition]!.filter(({ lastOffset }) => lastOffset >= offset),
    };
  }

  async offset(): Promise<{ offset: bigint } | undefined> {
    return { offset: 0n };
  }

  async status(): Promise<Status> {
    return this.statusNow;
  }

  async trace(after = 0n): Promise<Trace> {
    return { next: this.#number, missed: 0n, events: this.#events.filter(({ number }) => number > after) };
  }

  async export(onProgress?: (done: number, total: number) => void): Promise<Blob> {
    onProgress?.(1, 2);
    return new Blob(['tar']);
  }

  async reopen(): Promise<void> {
    this.change({ state: 'online' });
  }

  async stop(): Promise<void> {
    this.end({ reason: 'stopped' });
  }

  /** The log dir goes offline, read-only or online again. */
  change(status: Pick<Status, 'state'> & { why?: string }): void {
    const { why: _, ...rest } = this.statusNow;
    this.statusNow = { ...rest, ...status };
    this.#emit(status.state === 'online' ? 'LogDirOpened' : 'LogDirReadOnly', { why: status.why ?? '' });
  }

  #more(maxWaitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(done, maxWaitMs);
      const waiting = this.#waiting;
      function done(): void {
        clearTimeout(timer);
        waiting.delete(done);
        if (signal?.aborted) reject(new FakeError('aborted'));
        else resolve();
      }
      waiting.add(done);
      signal?.addEventListener('abort', done);
    });
  }

  #find(name: string) {
    const found = this.#topics.get(name);
    if (!found) throw new FakeError('UNKNOWN_TOPIC_OR_PARTITION');
    return found;
  }

  /** A request's way in; the returned function is its way out, with an error if it is given one. */
  #begin(api_key: number, call: string): (error?: string, detail?: string) => void {
    const request = ++this.#request;
    this.#emit('RequestReceived', {
      request,
      connection: 1,
      processor: 0,
      api_key,
      api_version: 9,
      correlation: request,
      bytes: 64,
    });
    this.#emit('RequestQueued', { request, depth: 1 }, 100);
    this.#emit('RequestDequeued', { request, handler: 0 });
    const refuse = this.failing.get(call);
    const end = (error?: string, detail?: string) => {
      if (error) this.#emit('RequestRefused', { request, error });
      this.#emit('ResponseQueued', { request, processor: 0 });
      this.#emit('ResponseSent', { request, bytes: 32 }, 100);
      if (error) throw new FakeError(error, detail);
    };
    if (refuse) end(refuse.code, refuse.detail);
    return end;
  }

  #at = 0;
  #emit(name: string, fields: Record<string, number | string | boolean>, later = 0): void {
    this.#at += later;
    this.#events.push({ number: ++this.#number, at: this.#at, node: 1, name, ...fields });
    if (this.#events.length > 4_000) this.#events.splice(0, 1_000);
  }
}

function makeBatch(baseOffset: bigint, records: NewRecord[], compression: Batch['compression']): Batch {
  const plain = records.map(({ key, value, headers = [], timestamp = Date.now() }) => ({
    timestamp: Number(timestamp),
    key: encode(key),
    value: encode(value),
    headers: headers.map(([name, content]) => [name, encode(content)] as [string, Uint8Array | null]),
  }));
  const attributes = ['none', 'gzip', 'snappy', 'lz4'].indexOf(compression);
  const bytes = batchBytes(baseOffset, plain, attributes);
  const stored: StoredRecord[] = plain.map((record, delta) => ({
    ...record,
    offset: baseOffset + BigInt(delta),
    timestamp: new Date(record.timestamp),
  }));
  return {
    baseOffset,
    lastOffset: baseOffset + BigInt(records.length - 1),
    leaderEpoch: 0,
    magic: 2,
    crc: new DataView(bytes.buffer).getUint32(17),
    attributes,
    compression,
    timestampType: 'CreateTime',
    maxTimestamp: new Date(Math.max(...plain.map(({ timestamp }) => timestamp))),
    producerId: -1n,
    producerEpoch: -1,
    baseSequence: -1,
    bytes,
    records: stored,
  };
}

/** Hands out fake clusters, or the refusals it was told to answer with. */
export class FakeDoor implements ClusterDoor {
  started: { options: ClusterOptions; cluster: FakeCluster }[] = [];
  refusals: FakeError[] = [];
  deleted: (string | undefined)[] = [];

  async start(options: ClusterOptions = {}): Promise<FakeCluster> {
    const refusal = this.refusals.shift();
    if (refusal) throw refusal;
    const { name = 'default', open } = options;
    const cluster = new FakeCluster(
      open === 'copy' ? `${name}-copy-1` : name,
      open === 'read-only' ? 'read-only' : 'read-write',
    );
    this.started.push({ options, cluster });
    return cluster;
  }

  async delete(name?: string): Promise<void> {
    this.deleted.push(name);
  }

  async import(_file: Blob, options: ClusterOptions = {}): Promise<FakeCluster> {
    return this.start(options);
  }
}
