import { afterEach, describe, expect, test, vi } from 'vitest';
import { Session } from '../../src/internal/session.js';
import { FakeDoor, FakeError } from '../fake.js';

const sessions: Session[] = [];
async function started(door = new FakeDoor()): Promise<{ session: Session; door: FakeDoor }> {
  const session = new Session(door);
  sessions.push(session);
  await session.start();
  return { session, door };
}

afterEach(() => {
  for (const session of sessions.splice(0)) session.live.leave();
});

test('a broker that answered makes the session ready', async () => {
  const { session } = await started();
  expect(session.life.at).toBe('running');
  expect(await session.ready).toBe(session.cluster);
  expect(session.canWrite).toBe(true);
});

describe('a second tab', () => {
  test('is told, and can open a copy', async () => {
    const door = new FakeDoor();
    door.refusals.push(new FakeError('in-use'));
    const { session } = await started(door);
    expect(session.life.at).toBe('in-use');
    await session.start('copy');
    expect(session.cluster?.name).toBe('default-copy-1');
    expect(session.canWrite).toBe(true);
  });

  test('or look without writing', async () => {
    const door = new FakeDoor();
    door.refusals.push(new FakeError('in-use'));
    const { session } = await started(door);
    await session.start('read-only');
    expect(session.life.at).toBe('running');
    expect(session.canWrite).toBe(false);
  });
});

test('a start that fails says why', async () => {
  const door = new FakeDoor();
  door.refusals.push(new FakeError('no-storage', 'private window'));
  const { session } = await started(door);
  expect(session.life).toEqual({ at: 'failed', failure: { code: 'no-storage', detail: 'private window' } });
});

describe('a worker that dies', () => {
  test('is started again once, and the page says so', async () => {
    const { session, door } = await started();
    door.started[0]!.cluster.end({ reason: 'panicked', message: 'assertion failed: watermark' });
    await vi.waitFor(() => expect(door.started).toHaveLength(2));
    await vi.waitFor(() => expect(session.life.at).toBe('running'));
    expect(session.notices.shown[0]).toMatchObject({
      kind: 'crashed',
      ended: { message: 'assertion failed: watermark' },
    });

    door.started[1]!.cluster.end({ reason: 'panicked', message: 'again' });
    await vi.waitFor(() => expect(session.life).toMatchObject({ at: 'ended', ended: { message: 'again' } }));
    expect(door.started).toHaveLength(2);
  });

  test('because it was killed stays dead until it is asked for', async () => {
    const { session, door } = await started();
    door.started[0]!.cluster.end({ reason: 'killed' });
    await vi.waitFor(() => expect(session.life.at).toBe('ended'));
    await session.start();
    expect(session.life.at).toBe('running');
  });
});

test('reset deletes this cluster and starts an empty one', async () => {
  const { session, door } = await started();
  await session.cluster!.createTopic({ name: 't' });
  await session.reset();
  expect(door.deleted).toEqual(['default']);
  expect(session.life.at).toBe('running');
  expect(await session.cluster!.topics()).toEqual([]);
});

test('delete leaves nothing running', async () => {
  const { session, door } = await started();
  await session.delete();
  expect(session.life.at).toBe('deleted');
  expect(door.started).toHaveLength(1);
});

test('a file that is refused leaves the cluster as it was', async () => {
  const { session, door } = await started();
  door.refusals.push(new FakeError('bad-file', 'no ottla.json'));
  await session.import(new Blob(['x']));
  expect(session.life.at).toBe('running');
  expect(session.notices.shown[0]).toMatchObject({ kind: 'failed', failure: { code: 'bad-file' } });
  expect(session.job).toBeUndefined();
});

test('the selected topic is one that exists', async () => {
  const { session } = await started();
  const cluster = session.cluster!;
  await cluster.createTopic({ name: 'a' });
  await cluster.createTopic({ name: 'b' });
  await session.live.lookAtTopics();
  expect(session.selected).toBe('a');
  session.select('b');
  await cluster.deleteTopic('b');
  await session.live.lookAtTopics();
  expect(session.selected).toBe('a');
});
