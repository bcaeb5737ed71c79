/**
 * The page's end of an engine: a Worker of the page's own origin, or this thread where no Worker can be had.
 *
 * Calls are answered once each. An engine ends once; what was not answered then is refused with 'closed'.
 */

import { OttlaError } from '../public/error.js';
import type { ClusterOptions, Ended } from '../public/types.js';
import { fromEngine, type CallName, type FromEngine, type Port, type Refused, type ToEngine } from './protocol.js';
import workerUrl from './worker.ts?worker&url';

/** A Worker that has not said hello by then is not waited for. */
const HELLO_MS = 10_000;

interface Waiting {
  resolve(value: unknown): void;
  reject(why: OttlaError): void;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

interface Listening {
  signal?: AbortSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

export class Engine {
  readonly ended: Promise<Ended>;
  readonly #port: Port;
  readonly #terminate: () => void;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #end!: (ended: Ended) => void;
  #hasEnded = false;

  private constructor(port: Port, terminate: () => void) {
    this.#port = port;
    this.#terminate = terminate;
    this.ended = new Promise(end => (this.#end = end));
    port.addEventListener('message', ({ data }) => {
      const message = fromEngine(data);
      if (message) this.#take(message);
    });
  }

  /** An engine that has its module: of live clusters, or of labs. */
  static async load(module: 'live' | 'lab', wasm?: ClusterOptions['wasm']): Promise<Engine> {
    const engine = (await Engine.#inWorker()) ?? (await Engine.#here());
    try {
      await engine.call('load', [module, wasm instanceof URL ? wasm.href : wasm]);
      return engine;
    } catch (error) {
      engine.end({ reason: 'stopped' });
      throw error;
    }
  }

  static async #inWorker(): Promise<Engine | undefined> {
    let worker: Worker;
    try {
      worker = new Worker(trusted(workerUrl) as string, { type: 'module', name: 'ottla' });
    } catch {
      return undefined;
    }
    const engine = new Engine(worker, () => worker.terminate());
    const hello = new Promise<boolean>(resolve => {
      worker.addEventListener('message', ({ data }) => resolve(fromEngine(data) !== undefined), { once: true });
      worker.addEventListener('error', () => resolve(false), { once: true });
      setTimeout(() => resolve(false), HELLO_MS);
    });
    if (!(await hello)) {
      worker.terminate();
      return undefined;
    }
    worker.addEventListener('error', event => {
      event.preventDefault();
      engine.end({ reason: 'panicked', message: event.message });
    });
    return engine;
  }

  static async #here(): Promise<Engine> {
    const { port1, port2 } = new MessageChannel();
    const { serve } = await import('./serve.js');
    serve(port2);
    port2.start();
    port1.start();
    return new Engine(port1, () => port1.postMessage({ kill: true } satisfies ToEngine));
  }

  call(call: CallName, args: unknown[], { signal, onProgress }: Listening = {}): Promise<unknown> {
    if (this.#hasEnded) return Promise.reject(new OttlaError('closed', 'the cluster has ended'));
    if (signal?.aborted) return Promise.reject(new OttlaError('aborted'));
    const id = this.#next++;
    const answered = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, onProgress }));
    this.#send({ id, call, args });
    if (!signal) return answered;
    const cancel = () => this.#send({ cancel: id });
    signal.addEventListener('abort', cancel, { once: true });
    return answered.finally(() => signal.removeEventListener('abort', cancel));
  }

  /** Ends the engine, unless it has ended. */
  end(ended: Ended, why = new OttlaError('closed', 'the cluster has ended')): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#terminate();
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
    this.#end(ended);
  }

  #send(message: ToEngine): void {
    this.#port.postMessage(message);
  }

  #take(message: FromEngine): void {
    if ('hello' in message) return;
    if ('ended' in message) {
      // A cluster that is gone can still say so; one that panicked says nothing more.
      if (message.ended.reason === 'gone') this.#end(message.ended);
      else this.end(message.ended);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    if (!waiting) return;
    if ('done' in message) {
      waiting.onProgress?.(message.done, message.total);
      return;
    }
    this.#waiting.delete(message.id);
    if ('refused' in message) waiting.reject(errorOf(message.refused));
    else waiting.resolve(message.value);
  }
}

function errorOf({ code, detail, retriable, kafkaCode }: Refused): OttlaError {
  return new OttlaError(code, detail, { retriable, ...(kafkaCode === undefined ? {} : { kafkaCode }) });
}

/** A page under Trusted Types loads no Worker from a mere text. The address is the bundler's, never a visitor's. */
function trusted(url: string): unknown {
  const factory = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  policy ??= factory?.createPolicy('ottla', { createScriptURL: known => known });
  return policy ? policy.createScriptURL(url) : url;
}

let policy: { createScriptURL(url: string): unknown } | undefined;

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): typeof policy;
}
