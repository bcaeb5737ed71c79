/** Reads a topic's records for the page: once from a chosen start, or following the end of each partition. */

import type { RunningCluster } from './cluster.js';
import type { Batch, StoredRecord, Topic } from '../public/types.js';

export interface ReadRecord {
  partition: number;
  batch: Batch;
  /** Which record of the batch. */
  index: number;
  record: StoredRecord;
}

export type Start =
  { from: 'newest' } | { from: 'oldest' } | { from: 'offset'; offset: bigint } | { from: 'time'; at: Date };

export interface Reading {
  cluster: RunningCluster;
  topic: Topic;
  /** The partitions to read. */
  partitions: number[];
  signal: AbortSignal;
}

/** Records in one read, and at most in the table. */
export const RECORDS_MAX = 100;
const FETCH_BYTES = 1 << 20;
/** A read gives up after so many fetches to a partition, whatever the broker answers. */
const FETCHES_MAX = 64;
const FOLLOW_WAIT_MS = 5_000;

/**
 * Up to `RECORDS_MAX` records: the newest first from 'newest', otherwise the oldest first; and where following goes on.
 */
export async function read(
  reading: Reading,
  start: Start,
): Promise<{ records: ReadRecord[]; ends: Map<number, bigint> }> {
  const ends = new Map<number, bigint>();
  const parts = await Promise.all(
    reading.partitions.map(async partition => {
      const { records, end } = await readPartition(reading, partition, start);
      ends.set(partition, end);
      return records;
    }),
  );
  const ascending = parts.flat().sort(byTime);
  return {
    records: start.from === 'newest' ? ascending.reverse().slice(0, RECORDS_MAX) : ascending.slice(0, RECORDS_MAX),
    ends,
  };
}

/**
 * Waits at the end of each partition, a parked Fetch each, and hands over what arrives. Ends when `signal` says so or
 * a fetch fails; then it rejects with that error.
 */
export async function follow(
  reading: Reading,
  ends: Map<number, bigint>,
  onRecords: (records: ReadRecord[]) => void,
): Promise<void> {
  await Promise.all(
    reading.partitions.map(async partition => {
      let offset = ends.get(partition) ?? 0n;
      while (!reading.signal.aborted) {
        const records = await fetchFrom(reading, partition, offset, FOLLOW_WAIT_MS);
        if (reading.signal.aborted || records === undefined) continue;
        offset = records.next;
        if (records.records.length > 0) onRecords(records.records);
      }
    }),
  );
}

export function byTime(a: ReadRecord, b: ReadRecord): number {
  const time = a.record.timestamp.getTime() - b.record.timestamp.getTime();
  if (time !== 0) return time;
  if (a.partition !== b.partition) return a.partition - b.partition;
  return a.record.offset < b.record.offset ? -1 : a.record.offset > b.record.offset ? 1 : 0;
}

async function readPartition(reading: Reading, partition: number, start: Start) {
  const bounds = reading.topic.partitions.find(known => known.partition === partition);
  if (!bounds) return { records: [], end: 0n };
  let offset = await startOffset(reading, partition, start, bounds);
  let records: ReadRecord[] = [];
  for (let fetches = 0; fetches < FETCHES_MAX && !reading.signal.aborted; fetches++) {
    const fetched = await fetchFrom(reading, partition, offset, 0);
    if (fetched === undefined) break;
    offset = fetched.next;
    records = records.concat(fetched.records);
    const isEnough = start.from !== 'newest' && records.length >= RECORDS_MAX;
    if (isEnough || offset >= fetched.highWatermark) break;
  }
  return { records, end: offset };
}

async function startOffset(
  { cluster, topic }: Reading,
  partition: number,
  start: Start,
  { logStart, highWatermark }: { logStart: bigint; highWatermark: bigint },
): Promise<bigint> {
  const clamp = (offset: bigint) => (offset < logStart ? logStart : offset > highWatermark ? highWatermark : offset);
  switch (start.from) {
    case 'newest':
      return clamp(highWatermark - BigInt(RECORDS_MAX));
    case 'oldest':
      return logStart;
    case 'offset':
      return clamp(start.offset);
    case 'time':
      return (await cluster.offset(topic.name, partition, start.at))?.offset ?? highWatermark;
  }
}

/** What one fetch brings, from `offset` on: a fetched batch may begin before it. Undefined: nothing new. */
async function fetchFrom({ cluster, topic, signal }: Reading, partition: number, offset: bigint, maxWaitMs: number) {
  const { batches, highWatermark } = await cluster.fetch({
    topic: topic.name,
    partition,
    offset,
    maxBytes: FETCH_BYTES,
    maxWaitMs,
    minBytes: 1,
    signal,
  });
  const last = batches.at(-1);
  if (last === undefined || last.lastOffset < offset) return undefined;
  const records = batches.flatMap(batch =>
    batch.records
      .map((record, index) => ({ partition, batch, index, record }))
      .filter(({ record }) => record.offset >= offset),
  );
  return { records, next: last.lastOffset + 1n, highWatermark };
}
