/** The engine's end: takes calls, asks the wasm, sends what became of each. The same in a Worker and beside a page. */

import { exportCluster, importCluster } from './archive.js';
import { Labs } from './labs.js';
import { loadNative, loadNativeLabs } from './native.js';
import type { Native, NativeCluster, NativeConnection, NativeLabs } from './native.js';
import { isLabCall, refusedOf, toEngine } from './protocol.js';
import type { CallName, FromEngine, LabCallName, Port } from './protocol.js';

export function serve(port: Port): void {
  const serving = new Serving(message => port.postMessage(message));
  port.addEventListener('message', ({ data }) => {
    const message = toEngine(data);
    if (!message) return;
    if ('kill' in message) serving.kill();
    else if ('cancel' in message) serving.cancel(message.cancel);
    else void serving.take(message.id, message.call, message.args);
  });
  port.postMessage({ hello: true } satisfies FromEngine);
}

class Serving {
  #native: Native | undefined;
  #nativeLabs: NativeLabs | undefined;
  #cluster: NativeCluster | undefined;
  readonly #labs = new Labs(() => loaded(this.#nativeLabs));
  readonly #connections = new Map<number, NativeConnection>();
  readonly #cancelling = new Map<number, AbortController>();
  #nextConnection = 1;

  constructor(private readonly tell: (message: FromEngine) => void) {}

  async take(id: number, call: CallName, args: unknown[]): Promise<void> {
    try {
      const value = await this.#answer(id, call, args);
      this.tell({ id, value });
    } catch (error) {
      this.tell({ id, refused: refusedOf(error) });
    } finally {
      this.#cancelling.delete(id);
    }
  }

  cancel(id: number): void {
    this.#cancelling.get(id)?.abort();
  }

  kill(): void {
    this.#cluster?.kill();
    this.#cluster = undefined;
  }

  // Each argument is checked by the engine itself, which takes any value.
  async #answer(id: number, call: CallName, args: unknown[]): Promise<unknown> {
    const progress = (done: number, total: number) => this.tell({ id, done, total });
    if (isLabCall(call)) return this.#labs.answer(call, args, progress);
    switch (call) {
      case 'load':
        await this.#load(args[0], args[1]);
        return undefined;
      case 'start':
        return this.#start(args[0], progress);
      case 'import': {
        const [file, replace, options] = args;
        await importCluster(loaded(this.#native), file, replace === true, options, () =>
          this.#start(options, progress),
        );
        return this.#running().about();
      }
      case 'send':
      case 'read':
      case 'closeConnection':
        return this.#onConnection(call, args);
      default:
        return this.#ask(this.#running(), id, call, args);
    }
  }

  async #ask(
    cluster: NativeCluster,
    id: number,
    call: Exclude<CallName, LabCallName | 'load' | 'start' | 'import' | 'send' | 'read' | 'closeConnection'>,
    args: unknown[],
  ): Promise<unknown> {
    const [first, second, third] = args as [never, never, never];
    switch (call) {
      case 'produce':
      case 'fetch':
        return cluster[call](first, this.#signal(id));
      case 'connect':
        return this.#connect(cluster);
      case 'export':
        return exportCluster(cluster, (done, total) => this.tell({ id, done, total }));
      case 'stop':
        await cluster.stop();
        this.#cluster = undefined;
        return undefined;
      case 'status':
      case 'topics':
      case 'reopen':
        return cluster[call]();
      case 'createTopic':
      case 'deleteTopic':
      case 'configs':
      case 'trace':
        return cluster[call](first);
      case 'alterConfigs':
        return cluster.alterConfigs(first, second);
      case 'deleteRecords':
      case 'offset':
        return cluster[call](first, second, third);
    }
  }

  async #load(module: unknown, source: unknown): Promise<void> {
    const onPanic = (text: string) => this.#panicked(text);
    if (module === 'lab') this.#nativeLabs = await loadNativeLabs(source, onPanic);
    else this.#native = await loadNative(source, onPanic);
  }

  async #start(options: unknown, onRecovery: (done: number, total: number) => void): Promise<unknown> {
    if (this.#cluster) throw { code: 'in-use', retriable: false, detail: 'this engine runs a cluster' };
    this.#cluster = await loaded(this.#native).startCluster(options, {
      onRecovery,
      onGone: message => this.tell({ ended: { reason: 'gone', message } }),
    });
    return this.#cluster.about();
  }

  #connect(cluster: NativeCluster): number {
    const number = this.#nextConnection++;
    this.#connections.set(number, cluster.connect());
    return number;
  }

  async #onConnection(call: 'send' | 'read' | 'closeConnection', [number, bytes]: unknown[]): Promise<unknown> {
    const connection = this.#connections.get(number as number);
    if (!connection) return undefined;
    if (call === 'read') return connection.read();
    if (call === 'send' && bytes instanceof Uint8Array) connection.send(bytes);
    if (call === 'closeConnection') {
      connection.close();
      this.#connections.delete(number as number);
    }
    return undefined;
  }

  #signal(id: number): AbortSignal {
    const controller = new AbortController();
    this.#cancelling.set(id, controller);
    return controller.signal;
  }

  #running(): NativeCluster {
    if (!this.#cluster) throw { code: 'closed', retriable: false, detail: 'the cluster has ended' };
    return this.#cluster;
  }

  #panicked(message: string): void {
    this.#cluster = undefined;
    this.tell({ ended: { reason: 'panicked', message } });
  }
}

function loaded<T>(native: T | undefined): T {
  if (!native) throw { code: 'closed', retriable: false, detail: 'the engine is not loaded' };
  return native;
}
