/** The wasm's exports, as `wasm/src/lib.rs` declares them, and how they are loaded. */

export interface Native {
  startCluster(options: unknown, listener: Listener): Promise<NativeCluster>;
  beginImport(name: string, replace: boolean): Promise<NativeImport>;
  checkFileName(name: string): void;
}

export interface Listener {
  onRecovery(done: number, total: number): void;
  onGone(why: string): void;
}

export interface NativeCluster {
  about(): { name: string; clusterId: string; mode: 'read-write' | 'read-only'; storage: 'indexeddb' | 'memory' };
  createTopic(topic: unknown): Promise<void>;
  deleteTopic(name: string): Promise<void>;
  topics(): Promise<unknown>;
  configs(topic: string): Promise<unknown>;
  alterConfigs(topic: string, edits: unknown): Promise<void>;
  deleteRecords(topic: string, partition: number, before: bigint): Promise<bigint>;
  produce(request: unknown, signal?: AbortSignal): Promise<unknown>;
  fetch(request: unknown, signal?: AbortSignal): Promise<unknown>;
  offset(topic: string, partition: number, at: unknown): Promise<unknown>;
  status(): { storedBytes: number };
  trace(after: bigint): unknown;
  export(sink: FileSink): Promise<void>;
  connect(): NativeConnection;
  reopen(): Promise<void>;
  stop(): Promise<void>;
  kill(): void;
}

export interface FileSink {
  file(name: string, length: number): void;
  bytes(bytes: Uint8Array<ArrayBuffer>): void;
}

export interface NativeConnection {
  send(bytes: Uint8Array): void;
  read(): Promise<Uint8Array | undefined>;
  close(): void;
}

export interface NativeImport {
  file(name: string, length: number): void;
  write(bytes: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  giveUp(): Promise<void>;
}

/**
 * The engine out of the package, or out of `source`: an address, bytes, or a module. A server that does not call wasm by
 * its type costs the streaming, no more (the glue sees to that).
 */
export async function loadNative(source: unknown, onPanic: (text: string) => void): Promise<Native> {
  // @ts-ignore: made by the build out of wasm/, and missing before it.
  const glue = await import('./wasm/ottla_wasm.js');
  await glue.default(source === undefined ? undefined : { module_or_path: source });
  glue.init(onPanic);
  return glue as Native;
}
