import { describe, expect, test } from 'vitest';
import { emptyModel, fold, occupancy, REQUESTS_KEPT, stageTimes, type Model } from '../../src/internal/model.js';
import type { TraceEvent } from '../../src/public/types.js';

let number = 0n;
function event(at: number, name: string, fields: Record<string, number | string | boolean> = {}): TraceEvent {
  return { number: ++number, at, node: 1, name, ...fields };
}

function folded(events: TraceEvent[], model = emptyModel(), missed = 0n): Model {
  return fold(model, { next: number, missed, events });
}

function received(request: number, at = 0, api_key = 0): TraceEvent {
  return event(at, 'RequestReceived', {
    request,
    connection: 7,
    processor: 0,
    api_key,
    api_version: 13,
    correlation: 5,
    bytes: 120,
  });
}

const produce = [
  received(1, 0),
  event(100, 'RequestQueued', { request: 1, depth: 1 }),
  event(300, 'RequestDequeued', { request: 1, handler: 2 }),
  event(300, 'BatchAppended', { request: 1, topic: 'T', partition: 0, offset: 0, records: 1, bytes: 80 }),
  event(300, 'BatchAppended', { request: 1, topic: 'T', partition: 1, offset: 0, records: 1, bytes: 80 }),
  event(300, 'RequestParked', { request: 1, why: 'flush' }),
  event(300, 'CommitIssued', { io: 9, ops: 1, bytes: 160, sync: false }),
];
const answered = [
  event(1300, 'CommitDone', { io: 9 }),
  event(1300, 'RequestReleased', { request: 1, expired: false }),
  event(1300, 'ResponseQueued', { request: 1, processor: 0 }),
  event(1500, 'ResponseSent', { request: 1, bytes: 40 }),
];

describe('a produce', () => {
  test('waits in purgatory while its commit is under way', () => {
    const model = folded(produce);
    const now = occupancy(model);
    expect(now).toMatchObject({ purgatory: 1, log: 1, handler: 0, processor: 0 });
    expect(model.requests.get(1)).toMatchObject({ apiKey: 0, apiVersion: 13, waitsFor: 'flush', sent: undefined });
  });

  test('leaves with the time it spent in each stage', () => {
    const model = folded(answered, folded(produce));
    const request = model.requests.get(1)!;
    expect(request).toMatchObject({ sent: 1500, responseBytes: 40, waitsFor: undefined });
    expect(stageTimes(request)).toEqual({
      processor: 100,
      'request-queue': 200,
      handler: 0,
      log: 0,
      purgatory: 1000,
      'response-queue': 200,
      sender: 0,
    });
    expect(Object.values(occupancy(model)).every(count => count === 0)).toBe(true);
    expect(model.passed).toMatchObject({ processor: 1, log: 2, purgatory: 1, handler: 2, sender: 1 });
  });

  test('is the same folded in one go or event by event', () => {
    const whole = folded([...produce, ...answered]);
    const steps = [...produce, ...answered].reduce((model, one) => folded([one], model), emptyModel());
    expect(steps).toEqual(whole);
  });
});

test('folding leaves the model it was given as it was', () => {
  const before = folded(produce);
  const copy = structuredClone(before);
  folded(answered, before);
  expect(before).toEqual(copy);
});

test('a refusal keeps its first error', () => {
  const model = folded([
    received(2),
    event(1, 'RequestRefused', { request: 2, error: 'INVALID_TOPIC_EXCEPTION' }),
    event(1, 'RequestRefused', { request: 2, error: 'UNKNOWN_SERVER_ERROR' }),
  ]);
  expect(model.requests.get(2)?.refused).toBe('INVALID_TOPIC_EXCEPTION');
});

test('a closed connection ends its requests, and only its own', () => {
  const model = folded([
    event(0, 'ConnectionOpened', { connection: 7, processor: 0 }),
    event(0, 'ConnectionOpened', { connection: 8, processor: 1 }),
    received(3),
    event(50, 'ConnectionClosed', { connection: 8, why: 'peer' }),
  ]);
  expect(model.requests.get(3)?.sent).toBeUndefined();
  expect(occupancy(model).acceptor).toBe(1);
  const after = folded([event(60, 'ConnectionClosed', { connection: 7, why: 'acks0-failed' })], model);
  expect(after.requests.get(3)?.sent).toBe(60);
});

test('open requests are never dropped, ended ones are at the bound', () => {
  const open = folded([received(1_000)]);
  const events = Array.from({ length: 200 }, (_, index) => [
    received(index, index),
    event(index, 'ResponseSent', { request: index, bytes: 1 }),
  ]).flat();
  const model = folded(events, open);
  expect(model.requests.size).toBe(REQUESTS_KEPT);
  expect(model.requests.has(1_000)).toBe(true);
  expect(model.requests.has(199)).toBe(true);
  expect(model.requests.has(0)).toBe(false);
});

test('what was missed is said, and nothing is left open for ever', () => {
  const model = folded(
    [event(9_000, 'HighWatermarkMoved', { topic: 'T', partition: 0, from: 0, to: 2 })],
    folded(produce),
    12n,
  );
  expect(model.missed).toBe(12n);
  expect(Object.values(occupancy(model)).every(count => count === 0)).toBe(true);
  // A request whose beginning was missed is not made up.
  expect(folded(answered, model).requests.size).toBe(0);
});

test('topics are looked at again when something a reader could see has changed', () => {
  const quiet = folded([received(1, 0, 3), event(1, 'ResponseSent', { request: 1, bytes: 10 })]);
  expect(quiet.topicChanges).toBe(0);
  const model = folded([event(2, 'HighWatermarkMoved', { topic: 'T', partition: 0, from: 0, to: 1 })], quiet);
  expect(model.topicChanges).toBe(1);
  expect(folded([event(3, 'LogDirOffline', { why: 'gone' })], model).logDirChanges).toBe(1);
});
