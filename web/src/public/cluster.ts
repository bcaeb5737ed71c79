/** A Kafka cluster in this tab: one broker in a Worker of its own, its records in IndexedDB. */

import { RawConnection } from '../internal/connection.js';
import { Engine } from '../internal/engine.js';
import { removeCluster } from '../internal/database.js';
import type { About } from '../internal/protocol.js';
import { OttlaError } from './error.js';
import type {
  ClusterOptions,
  ConfigEntry,
  Connection,
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
} from './types.js';

export class Cluster {
  readonly name: string;
  readonly clusterId: string;
  readonly mode: 'read-write' | 'read-only';
  readonly storage: 'indexeddb' | 'memory';
  /** Kept once the cluster has ended, however it did. */
  readonly closed: Promise<Ended>;
  readonly #engine: Engine;

  private constructor(engine: Engine, about: About) {
    this.#engine = engine;
    this.name = about.name;
    this.clusterId = about.clusterId;
    this.mode = about.mode;
    this.storage = about.storage;
    this.closed = engine.ended;
  }

  /** Opens the cluster of the name, made if it is missing. Kept once its broker serves. */
  static start(options: ClusterOptions = {}): Promise<Cluster> {
    return Cluster.#open(options, (engine, plain) => engine.call('start', [plain], listening(options)));
  }

  /** Removes a cluster and all it holds. It must not be open in any tab. */
  static async delete(name = 'default'): Promise<void> {
    await removeCluster(name);
  }

  /** A cluster made of a file that `export` gave. */
  static import(file: Blob, options: ImportOptions = {}): Promise<Cluster> {
    const { replace = false } = options;
    return Cluster.#open(options, (engine, plain) => engine.call('import', [file, replace, plain], listening(options)));
  }

  static async #open(
    options: ImportOptions,
    open: (engine: Engine, plain: object) => Promise<unknown>,
  ): Promise<Cluster> {
    options.signal?.throwIfAborted();
    const { wasm, signal, onRecovery: _, replace: __, ...plain } = options;
    const engine = await Engine.load('live', wasm);
    const abort = () => engine.end({ reason: 'killed' }, new OttlaError('aborted'));
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return new Cluster(engine, (await open(engine, withoutUndefined(plain))) as About);
    } catch (error) {
      engine.end({ reason: 'stopped' });
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  async createTopic(topic: NewTopic): Promise<void> {
    await this.#engine.call('createTopic', [topic]);
  }

  async deleteTopic(name: string): Promise<void> {
    await this.#engine.call('deleteTopic', [name]);
  }

  /** What Metadata answers, and for each partition what its log says of itself. */
  async topics(): Promise<Topic[]> {
    return (await this.#engine.call('topics', [])) as Topic[];
  }

  async configs(topic: string): Promise<ConfigEntry[]> {
    return (await this.#engine.call('configs', [topic])) as ConfigEntry[];
  }

  /** null: back to what lies under the topic's own value. */
  async alterConfigs(topic: string, edits: Record<string, string | null>): Promise<void> {
    await this.#engine.call('alterConfigs', [topic, edits]);
  }

  /** Drops records before the offset; gives the partition's new log start. */
  async deleteRecords(topic: string, partition: number, before: bigint): Promise<bigint> {
    return (await this.#engine.call('deleteRecords', [topic, partition, before])) as bigint;
  }

  /** The records are kept, or refused, as one batch. */
  async produce({ signal, ...batch }: ProduceRequest): Promise<Produced> {
    return (await this.#engine.call('produce', [batch], { signal })) as Produced;
  }

  async fetch({ signal, ...from }: FetchRequest): Promise<Fetched> {
    return (await this.#engine.call('fetch', [from], { signal })) as Fetched;
  }

  /** undefined: no record is so late. */
  async offset(
    topic: string,
    partition: number,
    at: 'earliest' | 'latest' | 'max-timestamp' | Date,
  ): Promise<{ offset: bigint; timestamp?: Date } | undefined> {
    const found = await this.#engine.call('offset', [topic, partition, at]);
    return found as { offset: bigint; timestamp?: Date } | undefined;
  }

  async status(): Promise<Status> {
    return (await this.#engine.call('status', [])) as Status;
  }

  /** Events from number `after` on, a bounded number at once: go on from `next`. */
  async trace(after = 0n): Promise<Trace> {
    return (await this.#engine.call('trace', [after])) as Trace;
  }

  async connect(): Promise<Connection> {
    return new RawConnection(this.#engine, (await this.#engine.call('connect', [])) as number);
  }

  /** A tar of the log dir, laid out as Kafka's, behind an `ottla.json` that says what it is. */
  async export(onProgress?: (done: number, total: number) => void): Promise<Blob> {
    return (await this.#engine.call('export', [], { onProgress })) as Blob;
  }

  /** Opens a log dir that went offline once more. */
  async reopen(): Promise<void> {
    await this.#engine.call('reopen', []);
  }

  /** A clean shutdown. Done already where the cluster has ended. */
  async stop(): Promise<void> {
    try {
      await this.#engine.call('stop', []);
    } catch (error) {
      if (!(error instanceof OttlaError && error.code === 'closed')) throw error;
    }
    this.#engine.end({ reason: 'stopped' });
  }

  /** The end in the middle of whatever it does, as a crash would bring it. */
  kill(): void {
    this.#engine.end({ reason: 'killed' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** The engine tells a value that is missing from one that is wrong by its being there. */
function withoutUndefined(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** What a start hears of, besides its answer. */
function listening({ signal, onRecovery }: ClusterOptions) {
  return { signal, onProgress: onRecovery };
}
