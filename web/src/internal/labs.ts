/** The labs of an engine. A long way is cut into slices, between which other calls are taken. */

import type { NativeLab, NativeLabs } from './native.js';
import type { LabCallName } from './protocol.js';
import type { LabUntil } from '../public/types.js';

const SLICE_MS = 12;
/** Steps of one call, so that a slice is not much longer than it should be. */
const STEPS_AT_ONCE = 1_000;
const EVENTS = 200;

interface Open {
  native: NativeLab;
  /** Raised by whatever moves time: a way under way stops where it is. */
  turn: number;
}

interface Way {
  until?: LabUntil;
  steps?: number;
  budgetMs?: number;
}

type OnProgress = (now: number, to: number) => void;

export class Labs {
  readonly #open = new Map<number, Open>();
  #next = 1;

  constructor(private readonly native: () => NativeLabs) {}

  async answer(call: LabCallName, args: unknown[], onProgress: OnProgress): Promise<unknown> {
    if (call === 'labOpen') return this.#add(this.native().openLab(String(args[0])));
    const [number, first, second] = args as [number, unknown, unknown];
    switch (call) {
      case 'labState':
        return this.#lab(number).native.state();
      case 'labStep':
        await this.#go(number, { steps: countOf(first, 1) });
        return this.#lab(number).native.state();
      case 'labStepUntil': {
        const reached = await this.#go(number, { until: untilOf(first), budgetMs: countOf(second, Infinity) });
        return { ...(this.#lab(number).native.state() as object), reached };
      }
      case 'labSeek': {
        const at = countOf(first, 0);
        this.#lab(number).native.jump(at);
        await this.#go(number, { until: { at } }, now => onProgress(now, at));
        return this.#lab(number).native.state();
      }
      case 'labCommand': {
        const lab = this.#lab(number);
        lab.turn++;
        lab.native.command(String(first));
        return lab.native.state();
      }
      case 'labEvents':
        return this.#lab(number).native.events(countOf(first, EVENTS), typeof second === 'string' ? second : undefined);
      case 'labFork':
        return this.#add(this.#lab(number).native.fork());
      case 'labJournal':
        return this.#lab(number).native.journal();
      case 'labClose':
        return this.#close(number);
    }
  }

  /** True if it got where it was to go, false if there is no way there, or it was stopped. */
  async #go(number: number, { until, steps = Infinity, budgetMs = Infinity }: Way, onProgress?: (now: number) => void) {
    const lab = this.#lab(number);
    const turn = ++lab.turn;
    const began = performance.now();
    let sliceBegan = began;
    for (let left = steps; ;) {
      const { taken, reached, over, now } = lab.native.advance(Math.min(left, STEPS_AT_ONCE), until);
      left -= taken;
      if (reached || over || left <= 0) return reached;
      const time = performance.now();
      if (time - began >= budgetMs) return false;
      if (time - sliceBegan < SLICE_MS) continue;
      onProgress?.(now);
      await nextTask();
      if (lab.turn !== turn) return false;
      sliceBegan = performance.now();
    }
  }

  #add(native: NativeLab): number {
    const number = this.#next++;
    this.#open.set(number, { native, turn: 0 });
    return number;
  }

  #close(number: number): void {
    const lab = this.#lab(number);
    lab.turn++;
    this.#open.delete(number);
    lab.native.free();
  }

  #lab(number: number): Open {
    const lab = this.#open.get(number);
    if (!lab) throw { code: 'closed', retriable: false, detail: 'the lab is closed' };
    return lab;
  }
}

/** What comes from a page is any value. */
function countOf(value: unknown, missing: number): number {
  return typeof value === 'number' && value >= 0 ? value : missing;
}

function untilOf(value: unknown): LabUntil {
  const { events, at } = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  return {
    ...(Array.isArray(events) ? { events: events.filter(name => typeof name === 'string') } : {}),
    ...(typeof at === 'number' ? { at } : {}),
  };
}

/** A message is not held back as a timer is. */
function nextTask(): Promise<void> {
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
