/** The engine's side of labs: long ways in slices, and what becomes of them when another call comes. */

import { expect, test } from 'vitest';
import { Labs } from '../../src/internal/labs.js';
import type { NativeLab } from '../../src/internal/native.js';

/** A world in which one thing happens each millisecond, and a step takes a while. */
class FakeNative implements NativeLab {
  now = 0;
  calls = 0;
  isFreed = false;

  constructor(private readonly end: number) {}

  state() {
    return { now: this.now };
  }
  advance(steps: number, until?: { events?: string[]; at?: number }) {
    this.calls++;
    for (const end = performance.now() + 5; performance.now() < end;);
    const to = Math.min(until?.at ?? Infinity, this.end);
    const taken = Math.min(steps, 100, Math.ceil((to - this.now) / 1000));
    this.now = Math.min(this.now + taken * 1000, to);
    return { taken, reached: this.now === until?.at, over: this.now === this.end, now: this.now };
  }
  jump(at: number) {
    this.now = Math.min(this.now, at);
  }
  command(lines: string) {
    if (lines !== 'kill 1') throw { code: 'bad-scenario', retriable: false, detail: 'line 1: no' };
    this.now++;
  }
  events(limit: number, who: string | undefined) {
    return [limit, who];
  }
  fork() {
    return Object.assign(new FakeNative(this.end), { now: this.now });
  }
  journal() {
    return 'ottla 1\n';
  }
  free() {
    this.isFreed = true;
  }
}

function open(end = 10e6) {
  const native = new FakeNative(end);
  const labs = new Labs(() => ({ openLab: () => native }));
  const heard: number[] = [];
  const ask = (call: Parameters<Labs['answer']>[0], ...args: unknown[]) =>
    labs.answer(call, args, now => heard.push(now));
  return { native, ask, heard };
}

test('a long way is cut into slices, and each is told', async () => {
  const { native, ask, heard } = open();
  const lab = await ask('labOpen', 'ottla 1');
  expect(await ask('labSeek', lab, 2e6)).toEqual({ now: 2e6 });
  expect(native.calls).toBe(20);
  expect(heard.length).toBeGreaterThan(2);
  expect(heard).toEqual([...heard].sort((one, two) => one - two));
});

test('whoever moves time ends a way that is under way, and others are answered meanwhile', async () => {
  const { ask } = open();
  const lab = await ask('labOpen', '');
  const long = ask('labSeek', lab, 9e6);
  const between = await ask('labState', lab);
  expect(await ask('labStep', lab, 3)).not.toEqual({ now: 9e6 });
  expect(await long).not.toEqual({ now: 9e6 });
  expect((between as { now: number }).now).toBeLessThan(9e6);
});

test('a budget ends a way, and so does the end of the world', async () => {
  const { ask } = open(1e6);
  const lab = await ask('labOpen', '');
  expect(await ask('labStepUntil', lab, { at: 9e5 }, 8)).toMatchObject({ reached: false });
  expect(await ask('labStepUntil', lab, { at: 9e5 })).toEqual({ now: 9e5, reached: true });
  expect(await ask('labStepUntil', lab, {})).toEqual({ now: 1e6, reached: false });
});

test('a fork lives on its own, and what is closed is let go', async () => {
  const { native, ask } = open();
  const lab = await ask('labOpen', '');
  await ask('labStep', lab, 5);
  const fork = await ask('labFork', lab);
  await ask('labStep', fork, 5);
  expect([await ask('labState', lab), await ask('labState', fork)]).toEqual([{ now: 5000 }, { now: 10_000 }]);
  const way = ask('labSeek', lab, 9e6);
  await ask('labClose', lab);
  await expect(way).rejects.toMatchObject({ code: 'closed' });
  expect(native.isFreed).toBe(true);
  await expect(ask('labState', lab)).rejects.toMatchObject({ code: 'closed' });
  expect(await ask('labEvents', fork, 7, 'world')).toEqual([7, 'world']);
});

test('what a page sends is any value', async () => {
  const { ask } = open();
  const lab = await ask('labOpen', { not: 'a text' });
  for (const odd of [undefined, null, NaN, -1, 'x', {}, []]) {
    await ask('labStep', lab, odd);
    await ask('labSeek', lab, odd);
    await ask('labStepUntil', lab, odd, 1);
    await ask('labEvents', lab, odd, odd);
    await expect(ask('labCommand', lab, odd)).rejects.toMatchObject({ code: 'bad-scenario' });
    await expect(ask('labState', odd)).rejects.toMatchObject({ code: 'closed' });
  }
  expect(await ask('labCommand', lab, 'kill 1')).toBeDefined();
});
