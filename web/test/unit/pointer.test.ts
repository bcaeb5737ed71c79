import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { POINTER_TOPIC, PointerSource, RateBound, RECORDS_PER_SECOND_MAX } from '../../src/internal/pointer.js';
import { FakeCluster, FakeError } from '../fake.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const moved = (clientX: number, clientY: number) =>
  Object.assign(new Event('pointermove'), { clientX, clientY, pointerType: 'mouse' });

async function stored(cluster: FakeCluster): Promise<{ x: number; y: number; t: number; type: string }[]> {
  const { batches } = await cluster.fetch({ topic: POINTER_TOPIC, partition: 0, offset: 0n });
  return batches.flatMap(batch => batch.records.map(({ value }) => JSON.parse(new TextDecoder().decode(value!))));
}

test('however fast the events, the rate holds', () => {
  const bound = new RateBound(60, 0);
  let taken = 0;
  for (let now = 0; now < 10_000; now++) if (bound.take(now)) taken++;
  expect(taken).toBeGreaterThan(590);
  expect(taken).toBeLessThanOrEqual(60 * 10 + 15);
});

test('movements become records with the agreed fields, and a pause ends them', async () => {
  const cluster = new FakeCluster();
  const source = new PointerSource();
  const target = new EventTarget();
  await source.start(cluster, target);
  target.dispatchEvent(moved(10.4, 20.6));
  await vi.advanceTimersByTimeAsync(300);
  expect(await stored(cluster)).toEqual([{ x: 10, y: 21, t: expect.any(Number), type: 'mouse' }]);
  expect(source.stored).toBe(1);

  source.stop();
  target.dispatchEvent(moved(1, 1));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await stored(cluster)).toHaveLength(1);
});

test('a storm of movements is bounded and counted', async () => {
  const cluster = new FakeCluster();
  const source = new PointerSource();
  const target = new EventTarget();
  await source.start(cluster, target);
  for (let at = 0; at < 2_000; at++) {
    target.dispatchEvent(moved(at, at));
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(300);
  source.stop();
  expect(source.stored).toBeLessThanOrEqual(RECORDS_PER_SECOND_MAX * 2 + 15);
  expect(source.stored + source.dropped).toBe(2_000);
});

test('an existing topic is used, and a broker that refuses ends it in words', async () => {
  const cluster = new FakeCluster();
  await cluster.createTopic({ name: POINTER_TOPIC, partitions: 3 });
  const source = new PointerSource();
  const target = new EventTarget();
  await source.start(cluster, target);
  cluster.failing.set('produce', new FakeError('KAFKA_STORAGE_ERROR'));
  target.dispatchEvent(moved(1, 2));
  await vi.advanceTimersByTimeAsync(300);
  expect(source.isOn).toBe(false);
  expect(source.failure?.code).toBe('KAFKA_STORAGE_ERROR');
});
