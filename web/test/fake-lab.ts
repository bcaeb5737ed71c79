/**
 * A stand-in for a world, for tests of the Lab's own behaviour: a made-up course of events that depends on nothing but the
 * text it was opened with. Never part of the built page.
 */

import type { LabDoor, RunningLab } from '../src/internal/lab.js';
import type { LabBroker, LabEvent, LabOptions, LabState, LabUntil } from '../src/public/types.js';
import { FakeError } from './fake.js';

const SECOND = 1_000_000;
const OVER = 78 * SECOND;
const TOPIC = 'AAAAAAAAAAAAAAAAAAAAAQ';
const VERBS =
  /^(at \S+ )?(kill|power off|restart|pause|cut|reset|fill disk|slow disk|fail storage|produce|create topic|expect|heal)\b/;

interface Script {
  at: number;
  line: string;
}

/** What the text says, or a refusal with the number of the line. */
function parse(text: string) {
  const settings = new Map<string, string>();
  const script: Script[] = [];
  text.split('\n').forEach((whole, index) => {
    const line = whole.replace(/#.*$/, '').trim();
    if (!line) return;
    const refuse = (why: string) => new FakeError('bad-scenario', `line ${index + 1}: ${why}`);
    const [word = '', ...rest] = line.split(/\s+/);
    if (settings.size === 0 && word !== 'ottla') throw refuse('a text begins with `ottla 1`');
    if (word === 'ottla' && rest[0] !== '1') throw refuse(`version ${rest[0]} is not known here, 1 is`);
    if (['ottla', 'build', 'seed', 'visitors', 'faults', 'config', 'end', 'topics'].includes(word)) {
      settings.set(word, rest.join(' '));
      return;
    }
    if (!VERBS.test(line)) throw refuse(`nobody knows how to \`${word.slice(0, 40)}\``);
    const at = /^at ([\d.]+)s (.*)$/.exec(line);
    script.push(at ? { at: Math.round(Number(at[1]) * SECOND), line: at[2]! } : { at: 0, line });
  });
  return { settings, script };
}

/** A small mixing function: the same numbers for the same world. */
function mix(state: number, value: number): number {
  return Math.imul((state ^ value) >>> 0, 0x01000193) >>> 0;
}

export class FakeLab implements RunningLab {
  /** Calls that moved time, for tests to look at. */
  calls: string[] = [];
  isClosed = false;
  #number = 0;
  #events: LabEvent[] = [];
  #now = 0;
  #end: number;
  #step = 0;
  #digest = 0x811c9dc5;
  #downUntil = 0;
  #appended = 0;
  #turn = 0;
  #violation: LabState['violation'];
  readonly #settings: Map<string, string>;

  constructor(
    private readonly text: string,
    private script: Script[] = parse(text).script,
  ) {
    this.#settings = parse(text).settings;
    this.#end = this.#recordedEnd();
  }

  async state(): Promise<LabState> {
    const build = this.#settings.get('build');
    const isOver = this.#now >= OVER;
    const wrote = /digest (\w+)/.exec(this.#settings.get('end') ?? '')?.[1];
    return {
      now: this.#now,
      end: Math.max(this.#end, this.#now),
      duration: 60 * SECOND,
      step: this.#step,
      phase: isOver ? 'over' : this.#now >= 70 * SECOND ? 'reading' : this.#now >= 60 * SECOND ? 'healing' : 'faults',
      digest: mix(this.#digest, 1).toString(16).padStart(8, '0') + mix(this.#digest, 2).toString(16).padStart(8, '0'),
      seed: this.#seed(),
      build: '0.1.0',
      notes: [
        ...(build !== undefined && build !== '0.1.0' ? (['other-build'] as const) : []),
        ...(wrote === 'elsewhere' && this.#now >= this.#recordedEnd() ? (['other-end'] as const) : []),
      ],
      ...(this.#violation ? { violation: this.#violation } : {}),
      brokers: [this.#broker()],
      topics: [{ id: TOPIC, name: this.#settings.get('topics') ?? 'orders' }],
      visitors: Array.from({ length: Number(this.#settings.get('visitors') ?? 2) }, (_, index) => ({
        index: index + 1,
        waiting: (this.#step + index) % 3 === 0 ? [] : [{ question: 'Produce', since: Math.max(0, this.#now - 4_200) }],
      })),
      snapshots: {
        count: 1 + Math.floor(this.#end / (5 * SECOND)),
        bytes: 180_000 * (1 + Math.floor(this.#end / (5 * SECOND))),
      },
    };
  }

  async step(count = 1): Promise<LabState> {
    this.#turn++;
    this.calls.push(`step ${count}`);
    for (let left = count; left > 0 && !this.#isStill(); left--) this.#happen();
    return this.state();
  }

  async stepUntil(until: LabUntil, budgetMs = Infinity): Promise<LabState & { reached: boolean }> {
    const turn = ++this.#turn;
    const end = performance.now() + budgetMs;
    let reached = false;
    for (let steps = 0; performance.now() < end; steps++) {
      // Lets go of the thread, as a Worker does, and hears of other calls then.
      if (steps % 200 === 0) await new Promise(later => setTimeout(later, 4));
      if (turn !== this.#turn) break;
      if (until.at !== undefined && this.#nextAt() > until.at) {
        this.#now = Math.max(this.#now, until.at);
        reached = true;
        break;
      }
      if (this.#isStill()) break;
      const from = this.#number;
      this.#happen();
      if (this.#events.some(({ number, name }) => number > from && until.events?.includes(name))) {
        reached = true;
        break;
      }
    }
    return { ...(await this.state()), reached };
  }

  async seek(at: number, onProgress?: (now: number) => void): Promise<LabState> {
    const turn = ++this.#turn;
    this.calls.push(`seek ${at}`);
    if (at < this.#now) this.#rewind();
    for (let steps = 1; this.#nextAt() <= at && !this.#isStill(); steps++) {
      if (steps % 500 === 0) {
        onProgress?.(this.#now);
        await new Promise(later => setTimeout(later, 4));
        if (turn !== this.#turn) return this.state();
      }
      this.#happen();
    }
    if (!this.#isStill()) this.#now = Math.max(this.#now, Math.min(at, OVER));
    return this.state();
  }

  async command(lines: string): Promise<LabState> {
    this.#turn++;
    for (const line of lines.split(';').map(part => part.trim()))
      if (!VERBS.test(line))
        throw new FakeError('bad-scenario', `line 1: nobody knows how to \`${line.split(' ')[0]}\``);
    this.script = [...this.script.filter(({ at }) => at <= this.#now), { at: this.#now, line: lines }];
    this.#end = this.#now;
    this.#happen();
    return this.state();
  }

  async events(limit = 200, who?: LabEvent['who']): Promise<LabEvent[]> {
    return this.#events.filter(event => who === undefined || event.who === who).slice(-limit);
  }

  async fork(): Promise<FakeLab> {
    const fork = new FakeLab(this.text, [...this.script]);
    fork.#events = [...this.#events];
    fork.#violation = this.#violation;
    [fork.#number, fork.#now, fork.#end, fork.#step] = [this.#number, this.#now, this.#end, this.#step];
    [fork.#digest, fork.#downUntil, fork.#appended] = [this.#digest, this.#downUntil, this.#appended];
    return fork;
  }

  async journal(): Promise<string> {
    const script = this.script.map(({ at, line }) => `at ${at / SECOND}s ${line}\n`).join('');
    const { digest } = await this.state();
    const topics = this.#settings.get('topics');
    return `ottla 1\nbuild 0.1.0\nseed ${this.#seed()}\n${topics ? `topics ${topics}\n` : ''}${script}end at ${this.#now / SECOND}s steps ${this.#step} digest ${digest}\n`;
  }

  async close(): Promise<void> {
    this.#turn++;
    this.isClosed = true;
  }

  #seed(): string {
    return this.#settings.get('seed') ?? '0';
  }

  #recordedEnd(): number {
    return Number(/at ([\d.]+)s/.exec(this.#settings.get('end') ?? '')?.[1] ?? 0) * SECOND;
  }

  #isStill(): boolean {
    return this.#now >= OVER || this.#violation !== undefined;
  }

  #rewind(): void {
    this.#number = this.#now = this.#step = this.#downUntil = this.#appended = 0;
    this.#events = [];
    this.#digest = 0x811c9dc5;
    this.#violation = undefined;
  }

  #nextAt(): number {
    const due = this.script.find(
      ({ at }) => at >= this.#now && !this.#events.some(e => e.name === 'script' && e.at === at),
    );
    const beat = (this.#step + 1) * 20_000 + (mix(Number(this.#seed()) >>> 0, this.#step) % 9_000);
    return due ? Math.max(this.#now, Math.min(due.at, beat)) : Math.max(this.#now, beat);
  }

  /** One input and what comes of it. */
  #happen(): void {
    const at = this.#nextAt();
    this.#now = at;
    this.#end = Math.max(this.#end, at);
    this.#step++;
    this.#digest = mix(this.#digest, this.#step + Number(this.#seed()));
    const due = this.script.filter(
      script => script.at === at && !this.#events.some(e => e.name === 'script' && e.at === at),
    );
    for (const { line } of due) {
      this.#emit('world', 0, 'script', { command: line });
      if (/^(kill|power|restart|pause)/.test(line)) this.#fault('K1', line);
      this.#digest = mix(this.#digest, line.length);
    }
    if (this.#step % 350 === 0) this.#fault(['K1', 'D7', 'N5'][(this.#step / 350) % 3]!, 'kill 1 for 300ms');
    const request = this.#step;
    if (this.#downUntil > at)
      this.#emit('visitor', 1 + (request % 2), 'answered', { question: 'Produce', outcome: 'DISCONNECTED' });
    else this.#produce(request);
    if (this.#seed() === '13' && at >= 20 * SECOND && !this.#violation)
      this.#violation = { code: 'S1', at, what: 'orders-0: opened up to 41, promised up to 42' };
    if (this.#events.length > 4_000) this.#events.splice(0, 1_000);
  }

  #produce(request: number): void {
    this.#emit('broker', 1, 'RequestReceived', {
      request,
      connection: 1,
      processor: 0,
      api_key: 0,
      api_version: 11,
      correlation: request,
      bytes: 120,
    });
    this.#emit('broker', 1, 'BatchAppended', {
      request,
      topic: TOPIC,
      partition: 0,
      offset: this.#appended,
      records: 1,
      bytes: 90,
    });
    this.#emit('broker', 1, 'RequestParked', { request, why: 'flush' });
    this.#emit('broker', 1, 'HighWatermarkMoved', {
      topic: TOPIC,
      partition: 0,
      from: this.#appended,
      to: this.#appended + 1,
    });
    this.#appended++;
    this.#emit('broker', 1, 'ResponseSent', { request, bytes: 48 });
    this.#emit('visitor', 1 + (request % 2), 'answered', {
      question: 'Produce',
      outcome: `offset ${this.#appended - 1}`,
    });
  }

  #fault(code: string, command: string): void {
    this.#downUntil = this.#now + 300_000;
    this.#emit('world', 0, 'fault', { code, command });
  }

  #emit(who: LabEvent['who'], index: number, name: string, fields: Record<string, string | number | boolean>): void {
    this.#events.push({ number: ++this.#number, at: this.#now, who, index, name, ...fields });
  }

  #broker(): LabBroker {
    const isDown = this.#downUntil > this.#now;
    const partition = { topic: this.#settings.get('topics') ?? 'orders', partition: 0, logStart: 0 };
    return {
      id: 1,
      state: this.#step === 0 ? 'opening' : isDown ? 'down' : 'serving',
      partitions:
        isDown || this.#step === 0
          ? []
          : [{ ...partition, highWatermark: this.#appended, logEnd: this.#appended + (this.#step % 2) }],
    };
  }
}

/** Opens fake worlds, and keeps them for a test to look at. */
export class FakeLabDoor implements LabDoor {
  opened: FakeLab[] = [];

  async open(text: string, _options?: LabOptions): Promise<FakeLab> {
    const lab = new FakeLab(text);
    this.opened.push(lab);
    return lab;
  }
}
