/**
 * One course of events: where it stands, what happened last, and the ways to move its time.
 *
 *   still ──► playing ──► still        (paused, over, or an invariant was broken)
 *     └─────► going ────► still        (a step, a seek, a run to something; can be called off)
 *
 * One of them at a time: whatever moves time takes over from what moved it before.
 */

import { Changing } from '../changing.js';
import { failureOf, type Failure } from '../failure.js';
import type { RunningLab } from '../lab.js';
import type { LabEvent, LabState, LabUntil } from '../../public/types.js';

export const EVENTS_SHOWN = 300;
const FAULTS_MARKED = 200;
const FRAME_MS = 40;
/** After which another speed is heard of. */
const TURN_MS = 400;
const LOOK_EVERY_MS = 200;
/** A page that was hidden or busy does not catch up with what it missed. */
const FRAME_MS_MAX = 250;

export const SPEEDS = ['0.1', '1', '10', '100', 'fastest'] as const;
export type Speed = (typeof SPEEDS)[number];

export type Activity =
  | { kind: 'still' }
  | { kind: 'playing' }
  /** `to` is missing where nobody knows how far it is. */
  | { kind: 'going'; from: number; to?: number };

/** Why it stands still. */
export type Stop = 'there' | 'paused' | 'over' | 'violated' | 'failed' | 'superseded';

export interface Origin {
  number: number;
  /** The branch it left, and when. */
  from?: { number: number; at: number };
}

export class Branch extends Changing {
  events: LabEvent[] = [];
  /** Newest last. */
  faults: LabEvent[] = [];
  activity: Activity = { kind: 'still' };
  speed: Speed = '1';
  /** Kept although the list has moved on. */
  chosen: LabEvent | undefined;
  failure: Failure | undefined;
  /** Raised by whatever moves time. */
  #turn = 0;

  private constructor(
    readonly lab: RunningLab,
    readonly origin: Origin,
    public state: LabState,
    /** Where the journal says it ended. */
    public recordedEnd: number,
  ) {
    super();
  }

  static async of(lab: RunningLab, origin: Origin, recordedEnd?: number): Promise<Branch> {
    const state = await lab.state();
    const branch = new Branch(lab, origin, state, recordedEnd ?? state.end);
    await branch.#look();
    return branch;
  }

  /** How far the slider reaches. */
  get length(): number {
    return Math.max(this.state.now, this.state.end, this.state.duration, 1);
  }

  get isMoving(): boolean {
    return this.activity.kind !== 'still';
  }

  /** It has come to its end, and can only go back. */
  get isOver(): boolean {
    return this.state.phase === 'over' || this.state.violation !== undefined;
  }

  choose(event: LabEvent | undefined): void {
    this.chosen = event;
    this.changed();
  }

  setSpeed(speed: Speed): void {
    this.speed = speed;
    this.changed();
  }

  play(): Promise<Stop> {
    return this.#move({ kind: 'playing' }, async isOn => {
      let due = this.state.now;
      let lastAt = performance.now();
      for (;;) {
        const isBounded = this.speed !== 'fastest';
        if (isBounded) await later(FRAME_MS);
        if (!isOn()) return 'superseded';
        const at = performance.now();
        const passed = Math.min(at - lastAt, FRAME_MS_MAX);
        lastAt = at;
        if (globalThis.document?.hidden) {
          await later(FRAME_MS);
          continue;
        }
        due = isBounded ? due + passed * 1_000 * Number(this.speed) : this.state.now;
        const until = isBounded ? { at: Math.floor(due) } : {};
        const reached = await this.#go(until, isOn, isBounded ? FRAME_MS : TURN_MS);
        if (!isOn()) return 'superseded';
        if (this.isOver) return this.#ending();
        // An engine that cannot keep up plays as fast as it can, and owes nothing.
        if (isBounded && !reached) due = this.state.now;
      }
    });
  }

  /** Stands still where it is. */
  async pause(): Promise<Stop> {
    if (!this.isMoving) return 'there';
    return this.#move({ kind: 'going', from: this.state.now }, async () => {
      // Ends a way that the engine is on.
      this.state = await this.lab.step(0);
      return 'paused';
    });
  }

  step(count = 1): Promise<Stop> {
    return this.#move({ kind: 'going', from: this.state.now }, async () => {
      this.state = await this.lab.step(count);
      return this.isOver ? this.#ending() : 'there';
    });
  }

  /** To the moment of the event before. */
  stepBack(): Promise<Stop> {
    const before = this.events.findLast(({ at }) => at < this.state.now);
    return this.seek(before?.at ?? 0);
  }

  seek(at: number): Promise<Stop> {
    return this.#move({ kind: 'going', from: this.state.now, to: at }, async isOn => {
      const state = await this.#watchWay(this.lab.seek(at), isOn);
      if (!isOn()) return 'superseded';
      this.state = state;
      return state.now < at && this.isOver ? this.#ending() : 'there';
    });
  }

  /** On until an event of one of the names has happened, which is then the chosen one. */
  async runTo(events: readonly string[]): Promise<Stop> {
    const stop = await this.#run({ events: [...events] });
    if (stop === 'there') this.choose(this.events.findLast(({ name }) => events.includes(name)));
    return stop;
  }

  /** To where the journal ends, and from there to where the world does. */
  runToEnd(): Promise<Stop> {
    return this.state.now < this.recordedEnd ? this.seek(this.recordedEnd) : this.#run({});
  }

  /** What happens now, as a script says it. The future that was known is gone. Throws what the engine refuses. */
  async command(lines: string): Promise<void> {
    const wasPlaying = this.activity.kind === 'playing';
    this.#turn++;
    try {
      this.state = await this.lab.command(lines);
      this.recordedEnd = Math.min(this.recordedEnd, this.state.end);
    } finally {
      this.activity = { kind: 'still' };
      await this.#look();
    }
    if (wasPlaying && !this.isOver) void this.play();
  }

  async close(): Promise<void> {
    this.#turn++;
    await this.lab.close().catch(() => undefined);
  }

  #run(until: LabUntil): Promise<Stop> {
    return this.#move({ kind: 'going', from: this.state.now }, async isOn => {
      for (;;) {
        const reached = await this.#go(until, isOn);
        if (!isOn()) return 'superseded';
        if (reached && until.events) return 'there';
        if (this.isOver) return this.#ending();
      }
    });
  }

  #ending(): Stop {
    return this.state.violation ? 'violated' : 'over';
  }

  async #move(activity: Activity, way: (isOn: () => boolean) => Promise<Stop>): Promise<Stop> {
    const turn = ++this.#turn;
    const isOn = () => turn === this.#turn;
    this.activity = activity;
    this.failure = undefined;
    this.changed();
    try {
      const stop = await way(isOn);
      if (!isOn()) return 'superseded';
      await this.#look();
      if (!isOn()) return 'superseded';
      this.activity = { kind: 'still' };
      this.changed();
      return stop;
    } catch (error) {
      if (!isOn()) return 'superseded';
      this.failure = failureOf(error);
      this.activity = { kind: 'still' };
      this.changed();
      return 'failed';
    }
  }

  #lookedAt = 0;

  async #go(until: LabUntil, isOn: () => boolean, budgetMs?: number): Promise<boolean> {
    const { reached, ...state } = await this.#watchWay(this.lab.stepUntil(until, budgetMs), isOn);
    if (!isOn()) return reached;
    this.state = state;
    if (performance.now() - this.#lookedAt >= LOOK_EVERY_MS) await this.#look();
    else this.changed();
    return reached;
  }

  /** Looks at the world now and then while the engine is on its way: it answers in between, and waits for nobody. */
  async #watchWay<T>(way: Promise<T>, isOn: () => boolean): Promise<T> {
    let isUnderWay = true;
    const end = way.then(
      () => (isUnderWay = false),
      () => (isUnderWay = false),
    );
    for (;;) {
      await Promise.race([end, later(LOOK_EVERY_MS)]);
      if (!isUnderWay || !isOn()) return way;
      const state = await this.lab.state();
      if (!isUnderWay || !isOn()) return way;
      this.state = state;
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    this.#lookedAt = performance.now();
    const [events, faults] = await Promise.all([
      this.lab.events(EVENTS_SHOWN),
      this.lab.events(FAULTS_MARKED, 'world'),
    ]);
    this.events = events;
    this.faults = faults.filter(({ name }) => name === 'fault');
    this.changed();
  }
}

function later(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds));
}
