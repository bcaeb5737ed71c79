import { describe, expect, test } from 'vitest';
import { follow, read, RECORDS_MAX, type ReadRecord, type Reading } from '../../src/internal/reader.js';
import { FakeCluster } from '../fake.js';

async function topicOf(partitions: number, perPartition: number): Promise<Reading> {
  const cluster = new FakeCluster();
  await cluster.createTopic({ name: 't', partitions });
  for (let at = 0; at < perPartition; at++)
    for (let partition = 0; partition < partitions; partition++)
      await cluster.produce({
        topic: 't',
        partition,
        records: [{ value: `${partition}-${at}`, timestamp: 1_000 + at }],
      });
  const [topic] = await cluster.topics();
  return {
    cluster,
    topic: topic!,
    partitions: topic!.partitions.map(({ partition }) => partition),
    signal: new AbortController().signal,
  };
}

const values = (records: ReadRecord[]) => records.map(({ record }) => new TextDecoder().decode(record.value!));

describe('one read', () => {
  test('newest first, over all partitions, up to the bound', async () => {
    const { records } = await read(await topicOf(3, 60), { from: 'newest' });
    expect(records).toHaveLength(RECORDS_MAX);
    expect(values(records).slice(0, 4)).toEqual(['2-59', '1-59', '0-59', '2-58']);
  });

  test('oldest first, and where to go on', async () => {
    const { records, ends } = await read(await topicOf(2, 3), { from: 'oldest' });
    expect(values(records)).toEqual(['0-0', '1-0', '0-1', '1-1', '0-2', '1-2']);
    expect([...ends]).toEqual([
      [0, 3n],
      [1, 3n],
    ]);
  });

  test('from an offset, within what the log has', async () => {
    const reading = await topicOf(1, 5);
    expect(values((await read(reading, { from: 'offset', offset: 3n })).records)).toEqual(['0-3', '0-4']);
    expect((await read(reading, { from: 'offset', offset: 99n })).records).toEqual([]);
  });

  test('a batch that begins earlier gives only the records asked for', async () => {
    const reading = await topicOf(1, 0);
    await reading.cluster.produce({ topic: 't', partition: 0, records: ['a', 'b', 'c'].map(value => ({ value })) });
    const [topic] = await reading.cluster.topics();
    const { records } = await read({ ...reading, topic: topic! }, { from: 'offset', offset: 2n });
    expect(values(records)).toEqual(['c']);
    expect(records[0]?.index).toBe(2);
  });
});

test('following hands over what arrives, once, and ends when it is told to', async () => {
  const reading = await topicOf(2, 1);
  const stop = new AbortController();
  const seen: string[] = [];
  const { ends } = await read(reading, { from: 'newest' });
  const arrived = new Promise<void>(all => {
    void follow({ ...reading, signal: stop.signal }, ends, records => {
      seen.push(...values(records));
      if (seen.length === 2) all();
    }).catch(() => undefined);
  });
  await reading.cluster.produce({ topic: 't', partition: 1, records: [{ value: 'x' }] });
  await reading.cluster.produce({ topic: 't', partition: 0, records: [{ value: 'y' }] });
  await arrived;
  stop.abort();
  await reading.cluster.produce({ topic: 't', partition: 0, records: [{ value: 'z' }] });
  expect(seen.sort()).toEqual(['x', 'y']);
});
