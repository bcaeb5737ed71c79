/** What the wasm modules export, as `wasm/src/lib.rs` and `wasm/lab/src/lib.rs` declare it, and how they are loaded. */

import type { LabUntil } from '../public/types.js';
import type { About } from './protocol.js';

export interface Native {
  startCluster(options: unknown, listener: Listener): Promise<NativeCluster>;
  beginImport(name: string, replace: boolean): Promise<NativeImport>;
  checkFileName(name: string): void;
}

/** The other module: a page that opens no lab does not load it. */
export interface NativeLabs {
  openLab(text: string): NativeLab;
}

export interface Listener {
  onRecovery(done: number, total: number): void;
  onGone(why: string): void;
}

export interface NativeCluster {
  about(): About & { build: string };
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

/** Every call is short: a long way is many calls. */
export interface NativeLab {
  state(): unknown;
  /** Goes on for at most so many steps. True once it is there, or can go no further. */
  advance(steps: number, until: LabUntil | undefined): Advanced;
  /** Goes to the snapshot from which `at` is reached soonest, if that is nearer than where it stands. */
  jump(at: number): void;
  command(lines: string): void;
  events(limit: number, who: string | undefined): unknown;
  fork(): NativeLab;
  journal(): string;
  free(): void;
}

export interface Advanced {
  taken: number;
  /** What was waited for has happened. */
  reached: boolean;
  /** There is nothing left to go on with. */
  over: boolean;
  now: number;
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
 * A module out of the package, or out of `source`: an address, bytes, or a compiled module. A server that does not call
 * wasm by its type costs the streaming, no more (the glue sees to that).
 */
type Load<T> = (source: unknown, onPanic: (text: string) => void) => Promise<T>;

// @ts-ignore: made by the build out of wasm/, and missing before it.
export const loadNative: Load<Native> = async (...how) => started(await import('./wasm/ottla_wasm.js'), ...how);

// @ts-ignore: likewise.
export const loadNativeLabs: Load<NativeLabs> = async (...how) => started(await import('./wasm/ottla_lab.js'), ...how);

interface Glue {
  default(wasm?: { module_or_path: unknown }): Promise<unknown>;
  init(onPanic: (text: string) => void): void;
}

async function started<T>(glue: Glue & T, source: unknown, onPanic: (text: string) => void): Promise<T> {
  await glue.default(source === undefined ? undefined : { module_or_path: source });
  glue.init(onPanic);
  return glue;
}
