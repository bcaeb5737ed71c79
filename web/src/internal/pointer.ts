/**
 * The visitor's own movements as a live topic: where the pointer, a finger or the keyboard's focus is, and when.
 *
 * What is pressed or typed is never looked at. Bounded twice: so many records a second, and one produce per partition
 * in flight; what comes faster than the broker answers is dropped and counted.
 */

import { Changing } from './changing.js';
import type { RunningCluster } from './cluster.js';
import { failureOf, type Failure } from './failure.js';
import type { NewRecord } from '../public/types.js';

export const POINTER_TOPIC = 'pointer';
export const RECORDS_PER_SECOND_MAX = 60;
const FLUSH_EVERY = 250;
const WAITING_MAX = 240;

/** The partition of each kind of movement. */
export const POINTER_PARTITIONS = { pointer: 0, touch: 1, focus: 2 } as const;
export type MovementKind = keyof typeof POINTER_PARTITIONS;

export interface Movement {
  x: number;
  y: number;
  /** Milliseconds since 1970, as the record's timestamp. */
  t: number;
  type: string;
}

/** Spreads what is allowed in a second evenly: the burst of one flush at most. */
export class RateBound {
  #left: number;
  #at: number;

  constructor(
    private readonly perSecond: number,
    now: number,
  ) {
    this.#left = perSecond / 4;
    this.#at = now;
  }

  take(now: number): boolean {
    this.#left = Math.min(this.perSecond / 4, this.#left + ((now - this.#at) / 1000) * this.perSecond);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

export class PointerSource extends Changing {
  stored = 0;
  dropped = 0;
  failure: Failure | undefined;

  #running: { cluster: RunningCluster; stop: AbortController; bound: RateBound } | undefined;
  #waiting: Record<MovementKind, NewRecord[]> = { pointer: [], touch: [], focus: [] };
  #inFlight = new Set<MovementKind>();

  get isOn(): boolean {
    return this.#running !== undefined;
  }

  /** Makes the topic if it is missing, then listens on `target` until `stop`. */
  async start(cluster: RunningCluster, target: EventTarget): Promise<void> {
    if (this.#running) return;
    const stop = new AbortController();
    this.#running = { cluster, stop, bound: new RateBound(RECORDS_PER_SECOND_MAX, performance.now()) };
    this.failure = undefined;
    this.changed();
    try {
      const topics = await cluster.topics();
      if (!topics.some(topic => topic.name === POINTER_TOPIC))
        await cluster.createTopic({ name: POINTER_TOPIC, partitions: Object.keys(POINTER_PARTITIONS).length });
    } catch (error) {
      return this.#fail(error);
    }
    if (stop.signal.aborted) return;
    this.#listen(target, stop.signal);
    const timer = setInterval(() => this.#flush(), FLUSH_EVERY);
    stop.signal.addEventListener('abort', () => clearInterval(timer));
  }

  stop(): void {
    this.#running?.stop.abort();
    this.#running = undefined;
    this.#waiting = { pointer: [], touch: [], focus: [] };
    this.changed();
  }

  #listen(target: EventTarget, signal: AbortSignal): void {
    const passive = { passive: true, capture: true, signal };
    target.addEventListener(
      'pointermove',
      event => {
        const { clientX: x, clientY: y, pointerType } = event as PointerEvent;
        if (pointerType !== 'touch') this.#add('pointer', x, y, pointerType || 'mouse');
      },
      passive,
    );
    target.addEventListener(
      'touchmove',
      event => {
        for (const { clientX, clientY } of (event as TouchEvent).changedTouches)
          this.#add('touch', clientX, clientY, 'touch');
      },
      passive,
    );
    target.addEventListener(
      'focusin',
      event => {
        const focused = event.composedPath()[0];
        if (!(focused instanceof Element)) return;
        const { left, top, width, height } = focused.getBoundingClientRect();
        this.#add('focus', left + width / 2, top + height / 2, 'focus');
      },
      passive,
    );
  }

  #add(kind: MovementKind, x: number, y: number, type: string): void {
    const waiting = this.#waiting[kind];
    if (!this.#running?.bound.take(performance.now()) || waiting.length >= WAITING_MAX) {
      this.dropped++;
      return;
    }
    const movement: Movement = { x: Math.round(x), y: Math.round(y), t: Date.now(), type };
    waiting.push({ key: type, value: JSON.stringify(movement), timestamp: movement.t });
  }

  #flush(): void {
    for (const [kind, partition] of Object.entries(POINTER_PARTITIONS) as [MovementKind, number][]) {
      const records = this.#waiting[kind];
      if (records.length === 0 || this.#inFlight.has(kind)) continue;
      this.#waiting[kind] = [];
      void this.#produce(kind, partition, records);
    }
  }

  async #produce(kind: MovementKind, partition: number, records: NewRecord[]): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#inFlight.add(kind);
    try {
      await running.cluster.produce({ topic: POINTER_TOPIC, partition, records });
      this.stored += records.length;
      this.changed();
    } catch (error) {
      if (this.#running === running) this.#fail(error);
    } finally {
      this.#inFlight.delete(kind);
    }
  }

  #fail(error: unknown): void {
    this.failure = failureOf(error);
    this.stop();
  }
}
