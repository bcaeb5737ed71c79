/** A simulated cluster whose time is the page's to move: forward, back, and off into another course. */

import { Engine } from '../internal/engine.js';
import type { LabCallName } from '../internal/protocol.js';
import { OttlaError } from './error.js';
import type { LabEvent, LabOptions, LabState, LabUntil } from './types.js';

/** One engine and the labs that live in it: forks share what they have in common. */
interface Home {
  engine: Engine;
  open: number;
}

/**
 * Calls may overlap: `state`, `events` and `journal` are answered at once. Whatever moves time (`step`, `stepUntil`,
 * `seek`, `command`) ends a longer way that is under way, which then resolves with the moment it got to.
 */
export class Lab implements AsyncDisposable {
  readonly #home: Home;
  readonly #number: number;
  #isClosed = false;

  private constructor(home: Home, number: number) {
    this.#home = home;
    this.#number = number;
    home.open++;
  }

  /** A scenario or a journal. Rejects with 'bad-scenario', whose detail says which line is wrong and why. */
  static async open(text: string, options: LabOptions = {}): Promise<Lab> {
    options.signal?.throwIfAborted();
    const engine = await Engine.load('lab', options.wasm);
    const abort = () => engine.end({ reason: 'killed' }, new OttlaError('aborted'));
    options.signal?.addEventListener('abort', abort, { once: true });
    try {
      return new Lab({ engine, open: 0 }, (await engine.call('labOpen', [text])) as number);
    } catch (error) {
      engine.end({ reason: 'stopped' });
      throw error;
    } finally {
      options.signal?.removeEventListener('abort', abort);
    }
  }

  state(): Promise<LabState> {
    return this.#ask('labState') as Promise<LabState>;
  }

  /** `n` inputs further. */
  step(n = 1): Promise<LabState> {
    return this.#ask('labStep', n) as Promise<LabState>;
  }

  /** Works at most `budgetMs`; `reached` says whether it got there. */
  stepUntil(until: LabUntil, budgetMs?: number): Promise<LabState & { reached: boolean }> {
    return this.#ask('labStepUntil', until, budgetMs) as Promise<LabState & { reached: boolean }>;
  }

  /** To the moment `at`, backward or forward. `onProgress` hears of each slice of a long way. */
  seek(at: number, onProgress?: (now: number) => void): Promise<LabState> {
    const listening = { onProgress: onProgress && ((now: number) => onProgress(now)) };
    return this.#call('labSeek', [at], listening) as Promise<LabState>;
  }

  /** Script lines that happen at once. They cut off a future that was seen. Rejects with 'bad-scenario'. */
  command(lines: string): Promise<LabState> {
    return this.#ask('labCommand', lines) as Promise<LabState>;
  }

  /** The newest `limit` things that happened up to now, or those of one kind of machine, oldest first. */
  events(limit?: number, who?: LabEvent['who']): Promise<LabEvent[]> {
    return this.#ask('labEvents', limit, who) as Promise<LabEvent[]>;
  }

  /** A lab that stands where this one does, and goes its own way from there. */
  async fork(): Promise<Lab> {
    return new Lab(this.#home, (await this.#ask('labFork')) as number);
  }

  /** What it is as text that `open` takes: its settings, everything commanded so far, and what it came to. */
  journal(): Promise<string> {
    return this.#ask('labJournal') as Promise<string>;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const closing = this.#ask('labClose').catch(() => undefined);
    this.#isClosed = true;
    await closing;
    if (--this.#home.open === 0) this.#home.engine.end({ reason: 'stopped' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #ask(call: LabCallName, ...args: unknown[]): Promise<unknown> {
    return this.#call(call, args);
  }

  #call(call: LabCallName, args: unknown[], listening?: Parameters<Engine['call']>[2]): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new OttlaError('closed', 'the lab is closed'));
    return this.#home.engine.call(call, [this.#number, ...args], listening);
  }
}
