/** Builds a record batch as Kafka lays it out: what the page reads is checked against bytes made another way. */

import { crc32c } from '../src/internal/crc.js';

export interface PlainRecord {
  timestamp: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: [string, Uint8Array | null][];
}

export function varint(value: number): number[] {
  let rest = value >= 0 ? BigInt(value) * 2n : BigInt(-value) * 2n - 1n;
  const bytes = [];
  do {
    const more = rest > 0x7fn;
    bytes.push(Number(rest & 0x7fn) | (more ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

function content(bytes: Uint8Array | null): number[] {
  return bytes === null ? varint(-1) : [...varint(bytes.length), ...bytes];
}

function record(plain: PlainRecord, base: number, delta: number): number[] {
  const body = [
    0,
    ...varint(plain.timestamp - base),
    ...varint(delta),
    ...content(plain.key),
    ...content(plain.value),
    ...varint(plain.headers.length),
    ...plain.headers.flatMap(([name, value]) => [...content(new TextEncoder().encode(name)), ...content(value)]),
  ];
  return [...varint(body.length), ...body];
}

export function batchBytes(baseOffset: bigint, records: PlainRecord[], attributes = 0): Uint8Array {
  const base = records[0]?.timestamp ?? 0;
  const body = records.flatMap((plain, delta) => record(plain, base, delta));
  const bytes = new Uint8Array(61 + body.length);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, baseOffset);
  view.setInt32(8, bytes.length - 12);
  view.setInt8(16, 2);
  view.setInt16(21, attributes);
  view.setInt32(23, records.length - 1);
  view.setBigInt64(27, BigInt(base));
  view.setBigInt64(35, BigInt(Math.max(0, ...records.map(({ timestamp }) => timestamp))));
  view.setBigInt64(43, -1n);
  view.setInt16(51, -1);
  view.setInt32(53, -1);
  view.setInt32(57, records.length);
  bytes.set(body, 61);
  view.setUint32(17, crc32c(bytes.subarray(21)));
  return bytes;
}
