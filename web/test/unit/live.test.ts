import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Live } from '../../src/internal/live.js';
import { occupancy } from '../../src/internal/model.js';
import { FakeCluster } from '../fake.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function following() {
  const cluster = new FakeCluster();
  const live = new Live();
  live.follow(cluster, await cluster.topics());
  await vi.advanceTimersByTimeAsync(1_000);
  return { cluster, live };
}

test('an idle broker is left alone', async () => {
  const { cluster, live } = await following();
  const topics = vi.spyOn(cluster, 'topics');
  await vi.advanceTimersByTimeAsync(30_000);
  expect(topics).not.toHaveBeenCalled();
  expect(live.model.passed.sender).toBe(1);
  live.leave();
});

test('changes are looked up, not faster than twice a second', async () => {
  const { cluster, live } = await following();
  await cluster.createTopic({ name: 't' });
  const topics = vi.spyOn(cluster, 'topics');
  for (let at = 0; at < 50; at++) {
    await cluster.produce({ topic: 't', partition: 0, records: [{ value: 'x' }] });
    await vi.advanceTimersByTimeAsync(40);
  }
  await vi.advanceTimersByTimeAsync(1_000);
  expect(topics.mock.calls.length).toBeLessThanOrEqual(6);
  expect(live.topics[0]?.partitions[0]?.highWatermark).toBe(50n);
  live.leave();
});

test('a held strip stands still while the rest goes on', async () => {
  const { cluster, live } = await following();
  live.hold(true);
  await cluster.createTopic({ name: 't' });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(live.shown.passed.sender).toBe(1);
  expect(live.topics).toHaveLength(1);
  live.hold(false);
  expect(live.shown.passed.sender).toBeGreaterThan(1);
  expect(occupancy(live.shown).handler).toBe(0);
  live.leave();
});

test('a change of the log dir shows at the next look', async () => {
  const { cluster, live } = await following();
  cluster.change({ state: 'read-only', why: 'no-space' });
  await vi.advanceTimersByTimeAsync(250);
  expect(live.status).toMatchObject({ state: 'read-only', why: 'no-space' });
  live.leave();
});
