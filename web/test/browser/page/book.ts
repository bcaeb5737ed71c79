/**
 * What a cluster acknowledged, kept beside it. The function goes over as its own text, so it stands on nothing outside
 * itself.
 */

import type { Cluster } from '../../../src/public/index.js';

export interface Book {
  /** Produces records to a partition of topic `t`, enters them once they are acknowledged, and gives the first offset. */
  send(cluster: Cluster, partition: number, count: number, from?: number): Promise<bigint>;
  enter(partition: number, from: number, count: number, baseOffset: bigint): void;
  /** Record numbers and their offsets, by partition. */
  readonly acknowledged: Map<number, bigint>[];
  /** Drops what is before the offset: it was asked to be deleted, and may be gone. */
  forget(partition: number, before: bigint): void;
  /** Of the records entered, those the cluster does not have byte for byte: partition, offset, number, what is there. */
  missing(cluster: Cluster): Promise<[number, number, number, string][]>;
}

export function openBook(): Book {
  const bytesOf = (number: number) =>
    Uint8Array.from({ length: 40 + (number % 500) }, (_, index) => (number * 31 + index * 7) % 256);
  const acknowledged: Map<number, bigint>[] = [new Map(), new Map(), new Map()];
  let next = 0;

  async function stored(cluster: Cluster, partition: number) {
    const found = new Map<bigint, { key: string; value: Uint8Array | null }>();
    const from = await cluster.offset('t', partition, 'earliest');
    const end = await cluster.offset('t', partition, 'latest');
    for (let offset = from!.offset; offset < end!.offset;) {
      const { batches } = await cluster.fetch({ topic: 't', partition, offset, maxBytes: 8 << 20, maxWaitMs: 0 });
      for (const { records, lastOffset } of batches) {
        for (const { offset, key, value } of records)
          found.set(offset, { key: new TextDecoder().decode(key ?? undefined), value });
        offset = lastOffset + 1n;
      }
    }
    return found;
  }

  function enter(partition: number, from: number, count: number, baseOffset: bigint): void {
    for (let index = 0; index < count; index++) acknowledged[partition]!.set(from + index, baseOffset + BigInt(index));
  }

  return {
    acknowledged,
    enter,
    async send(cluster, partition, count, from = next) {
      const numbers = Array.from({ length: count }, (_, index) => from + index);
      next = Math.max(next, from + count);
      const records = numbers.map(number => ({ key: String(number), value: bytesOf(number) }));
      const { baseOffset } = await cluster.produce({ topic: 't', partition, records });
      enter(partition, from, count, baseOffset);
      return baseOffset;
    },
    forget(partition, before) {
      for (const [number, offset] of acknowledged[partition]!)
        if (offset < before) acknowledged[partition]!.delete(number);
    },
    async missing(cluster) {
      const wrong: [number, number, number, string][] = [];
      for (const [partition, entries] of acknowledged.entries()) {
        if (entries.size === 0) continue;
        const found = await stored(cluster, partition);
        for (const [number, offset] of entries) {
          const record = found.get(offset);
          const isSame = record?.key === String(number) && record.value?.join() === bytesOf(number).join();
          if (!isSame) wrong.push([partition, Number(offset), number, record?.key ?? 'nothing']);
        }
      }
      return wrong;
    },
  };
}
