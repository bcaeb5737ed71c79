import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Branch, EVENTS_SHOWN } from '../../src/internal/lab/branch.js';
import { FakeLab } from '../fake-lab.js';

const SECOND = 1_000_000;

async function opened(text = 'ottla 1\nseed 42\n') {
  const lab = new FakeLab(text);
  return { lab, branch: await Branch.of(lab, { number: 0 }) };
}

test('nothing runs by itself', async () => {
  const { lab, branch } = await opened();
  await new Promise(later => setTimeout(later, 100));
  expect(branch.state).toMatchObject({ now: 0, step: 0 });
  expect(branch.isMoving).toBe(false);
  expect(lab.calls).toEqual([]);
});

test('a step is one input, and back is the moment of the event before', async () => {
  const { branch } = await opened();
  expect(await branch.step()).toBe('there');
  const first = branch.state.now;
  expect(branch.state.step).toBe(1);
  await branch.step();
  expect(branch.state.now).toBeGreaterThan(first);
  await branch.stepBack();
  expect(branch.state).toMatchObject({ now: first, step: 1 });
  await branch.stepBack();
  expect(branch.state).toMatchObject({ now: 0, step: 0 });
  expect(branch.events).toEqual([]);
});

test('a seek there and back ends in the same', async () => {
  const { branch } = await opened();
  await branch.seek(12 * SECOND);
  const { digest, step } = branch.state;
  expect(branch.state.now).toBe(12 * SECOND);
  await branch.seek(3 * SECOND);
  await branch.seek(12 * SECOND);
  expect(branch.state).toMatchObject({ digest, step, now: 12 * SECOND });
});

test('a long way is seen while it is gone', async () => {
  const { lab, branch } = await opened();
  const { seek } = lab;
  // An engine that needs a second for the way, and answers meanwhile.
  lab.seek = async at => {
    await seek.call(lab, at / 2);
    await new Promise(later => setTimeout(later, 1_000));
    return seek.call(lab, at);
  };
  const seen = new Set<number>();
  branch.watch(() => seen.add(branch.state.now));
  expect(await branch.seek(20 * SECOND)).toBe('there');
  expect(seen).toContain(10 * SECOND);
  expect(branch.state.now).toBe(20 * SECOND);
  expect(branch.events.at(-1)!.at).toBeGreaterThan(19 * SECOND);
});

test('the events shown are capped, and the faults are kept apart', async () => {
  const { branch } = await opened();
  await branch.seek(30 * SECOND);
  expect(branch.events).toHaveLength(EVENTS_SHOWN);
  expect(branch.events.at(-1)!.at).toBeLessThanOrEqual(30 * SECOND);
  expect(branch.faults.length).toBeGreaterThan(1);
  expect(branch.faults.every(({ name }) => name === 'fault')).toBe(true);
});

test('a run stops right behind what it was to find', async () => {
  const { branch } = await opened();
  expect(await branch.runTo(['fault', 'heal'])).toBe('there');
  expect(branch.events.findLast(({ name }) => name === 'fault')?.at).toBe(branch.state.now);
  const first = branch.state.now;
  await branch.runTo(['fault']);
  expect(branch.state.now).toBeGreaterThan(first);
});

test('a run to what never comes ends where the world does', async () => {
  const { branch } = await opened();
  expect(await branch.runTo(['LogTruncated'])).toBe('over');
  expect(branch.isOver).toBe(true);
  expect(await branch.step()).toBe('over');
});

test('the end of a journal comes before the end of its world', async () => {
  const { branch } = await opened('ottla 1\nseed 42\nend at 10s steps 5 digest elsewhere\n');
  expect(await branch.runToEnd()).toBe('there');
  expect(branch.state.now).toBe(10 * SECOND);
  expect(branch.state.notes).toEqual(['other-end']);
  expect(await branch.runToEnd()).toBe('over');
});

test('a broken invariant ends every way', async () => {
  const { branch } = await opened('ottla 1\nseed 13\n');
  expect(await branch.runToEnd()).toBe('violated');
  expect(branch.state.violation).toMatchObject({ code: 'S1' });
  expect(await branch.seek(50 * SECOND)).toBe('violated');
  await branch.seek(0);
  expect(branch.isOver).toBe(false);
});

test('a way can be called off, and stands where it got to', async () => {
  const { branch } = await opened();
  const way = branch.runTo(['LogTruncated']);
  await new Promise(later => setTimeout(later, 20));
  expect(branch.activity.kind).toBe('going');
  expect(await branch.pause()).toBe('paused');
  expect(await way).toBe('superseded');
  expect(branch.isMoving).toBe(false);
  const { now } = branch.state;
  await new Promise(later => setTimeout(later, 50));
  expect(branch.state.now).toBe(now);
  expect(branch.isOver).toBe(false);
});

test('of many seeks the last one counts', async () => {
  const { branch } = await opened();
  const ways = [70, 3, 50, 20].map(second => branch.seek(second * SECOND));
  expect(await Promise.all(ways)).toEqual(['superseded', 'superseded', 'superseded', 'there']);
  expect(branch.state.now).toBe(20 * SECOND);
});

describe('a command', () => {
  test('happens now and cuts off the future that was known', async () => {
    const { branch } = await opened('ottla 1\nseed 42\nend at 70s steps 5 digest x\n');
    await branch.seek(5 * SECOND);
    await branch.command('kill 1 for 2s');
    expect(branch.faults.at(-1)).toMatchObject({ command: 'kill 1 for 2s' });
    expect(branch.state.brokers[0]?.state).toBe('down');
    expect(branch.recordedEnd).toBeLessThan(6 * SECOND);
    expect(await branch.lab.journal()).toContain('at 5s kill 1 for 2s');
  });

  test('that is refused changes nothing', async () => {
    const { branch } = await opened();
    await branch.seek(5 * SECOND);
    const { state } = branch;
    await expect(branch.command('kilt 1')).rejects.toMatchObject({ code: 'bad-scenario' });
    expect(branch.state).toEqual(state);
    expect(branch.isMoving).toBe(false);
  });
});

test('an engine that stops is said to have stopped', async () => {
  const { lab, branch } = await opened();
  lab.stepUntil = () => Promise.reject({ code: 'closed', detail: 'the engine is gone' });
  expect(await branch.runToEnd()).toBe('failed');
  expect(branch.failure).toEqual({ code: 'closed', detail: 'the engine is gone' });
  expect(branch.isMoving).toBe(false);
});

describe('playing', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  for (const [speed, factor] of [
    ['0.1', 0.1],
    ['1', 1],
    ['10', 10],
    ['100', 100],
  ] as const)
    test(`goes at ${speed} times the clock’s pace`, async () => {
      const { branch } = await opened();
      branch.setSpeed(speed);
      void branch.play();
      await vi.advanceTimersByTimeAsync(400);
      expect(branch.activity.kind).toBe('playing');
      expect(branch.state.now).toBeGreaterThan(0.3 * factor * SECOND);
      expect(branch.state.now).toBeLessThanOrEqual(0.4 * factor * SECOND);
      void branch.pause();
      await vi.advanceTimersByTimeAsync(100);
      expect(branch.isMoving).toBe(false);
    });

  test('as fast as it can comes to the end', async () => {
    const { branch } = await opened();
    branch.setSpeed('fastest');
    const way = branch.play();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await way).toBe('over');
    expect(branch.state.phase).toBe('over');
  });

  test('a command does not end it', async () => {
    const { branch } = await opened();
    void branch.play();
    await vi.advanceTimersByTimeAsync(200);
    await branch.command('kill 1 for 1s');
    expect(branch.activity.kind).toBe('playing');
    await branch.close();
  });
});
