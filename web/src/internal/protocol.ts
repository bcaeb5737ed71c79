/**
 * What passes between the page and its engine. Both sides check what they get: a message that is none is dropped.
 *
 * The page sends calls and takes replies; the engine says hello once, then what becomes of each call, and how it ends.
 */

import type { Ended } from '../public/types.js';

export const CALLS = [
  'load',
  'start',
  'import',
  'createTopic',
  'deleteTopic',
  'topics',
  'configs',
  'alterConfigs',
  'deleteRecords',
  'produce',
  'fetch',
  'offset',
  'status',
  'trace',
  'connect',
  'send',
  'read',
  'closeConnection',
  'export',
  'reopen',
  'stop',
  'labOpen',
  'labState',
  'labStep',
  'labStepUntil',
  'labSeek',
  'labCommand',
  'labEvents',
  'labFork',
  'labJournal',
  'labClose',
] as const;

export type CallName = (typeof CALLS)[number];

/** Of labs. The first argument of all but `labOpen` is the lab's number. */
export type LabCallName = Extract<CallName, `lab${string}`>;

export function isLabCall(call: CallName): call is LabCallName {
  return call.startsWith('lab');
}

export type ToEngine = { id: number; call: CallName; args: unknown[] } | { cancel: number } | { kill: true };

/** An `OttlaError` as plain data. */
export interface Refused {
  code: string;
  kafkaCode?: number;
  retriable: boolean;
  detail?: string;
}

export type FromEngine =
  | { hello: true }
  | { id: number; value: unknown }
  | { id: number; refused: Refused }
  | { id: number; done: number; total: number }
  | { ended: Ended };

/** What a cluster is once it runs. */
export interface About {
  name: string;
  clusterId: string;
  mode: 'read-write' | 'read-only';
  storage: 'indexeddb' | 'memory';
}

/** Either end: a Worker, what a Worker sees of its page, or a MessagePort. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

export function toEngine(message: unknown): ToEngine | undefined {
  if (!isObject(message)) return undefined;
  if (message['kill'] === true) return { kill: true };
  if (typeof message['cancel'] === 'number') return { cancel: message['cancel'] };
  const { id, call, args } = message;
  const known = CALLS.find(name => name === call);
  if (typeof id !== 'number' || !known || !Array.isArray(args)) return undefined;
  return { id, call: known, args };
}

export function fromEngine(message: unknown): FromEngine | undefined {
  if (!isObject(message)) return undefined;
  if (message['hello'] === true) return { hello: true };
  const { id, done, total, refused, ended } = message;
  if (isObject(ended) && isReason(ended['reason'])) {
    const words = ended['message'];
    return { ended: { reason: ended['reason'], ...(typeof words === 'string' ? { message: words } : {}) } };
  }
  if (typeof id !== 'number') return undefined;
  if (isObject(refused)) return { id, refused: refusedOf(refused) };
  if (typeof done === 'number' && typeof total === 'number') return { id, done, total };
  return 'value' in message ? { id, value: message['value'] } : undefined;
}

/** Whatever was thrown, as plain data. */
export function refusedOf(why: unknown): Refused {
  if (!isObject(why) || typeof why['code'] !== 'string') {
    const detail = why instanceof Error ? why.message : String(why);
    return { code: 'UNKNOWN_SERVER_ERROR', retriable: false, detail };
  }
  const { code, kafkaCode, retriable, detail } = why;
  return {
    code,
    retriable: retriable === true,
    ...(typeof kafkaCode === 'number' ? { kafkaCode } : {}),
    ...(typeof detail === 'string' ? { detail } : {}),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isReason(value: unknown): value is Ended['reason'] {
  return value === 'stopped' || value === 'killed' || value === 'panicked' || value === 'gone';
}
