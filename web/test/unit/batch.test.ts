import { describe, expect, test } from 'vitest';
import { readBatch } from '../../src/internal/batch.js';
import { crc32c } from '../../src/internal/crc.js';
import { batchBytes, type PlainRecord } from '../batch.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const records: PlainRecord[] = [
  { timestamp: 1_700_000_000_000, key: bytes('k'), value: bytes('hello'), headers: [['h', bytes('v')]] },
  { timestamp: 1_700_000_000_007, key: null, value: null, headers: [['empty', null]] },
  { timestamp: 1_700_000_000_300, key: bytes(''), value: bytes('x'.repeat(300)), headers: [] },
];

test('CRC-32C of the check string', () => {
  expect(crc32c(bytes('123456789'))).toBe(0xe3069283);
});

describe('a batch of three records', () => {
  const batch = batchBytes(41n, records);
  const view = readBatch(batch);

  test('has a name on every byte, in order and without overlap', () => {
    let end = 0;
    for (const field of view.fields) {
      expect([field.name, field.start]).toEqual([field.name, end]);
      expect(field.end).toBeGreaterThan(field.start);
      end = field.end;
    }
    expect(end).toBe(batch.length);
  });

  test('says what is in it', () => {
    const header = Object.fromEntries(
      view.fields.filter(({ record }) => record === undefined).map(({ name, value }) => [name, value]),
    );
    expect(header).toMatchObject({
      baseOffset: '41',
      magic: '2',
      lastOffsetDelta: '2',
      recordsCount: '3',
      producerId: '-1',
    });
    expect(header['attributes']).toBe('0b0000000 · none · CreateTime');
    expect(header['crc']).toMatch(/^0x[0-9a-f]{8} ✓$/);
    const second = view.fields.filter(({ record }) => record === 1).map(({ name, value }) => [name, value]);
    expect(second).toContainEqual(['timestampDelta', '7']);
    expect(second).toContainEqual(['keyLength', '-1']);
    expect(second).toContainEqual(['valueLength', '-1']);
    const value = view.fields.find(({ name, record }) => name === 'value' && record === 0);
    expect(value?.content).toEqual(bytes('hello'));
  });

  test('shows a flipped bit', () => {
    const damaged = batch.slice();
    damaged[70]! ^= 1;
    expect(readBatch(damaged).isCrcRight).toBe(false);
  });
});

test('a compressed batch is one field after its header', () => {
  const view = readBatch(batchBytes(0n, records, 3));
  expect(view.isCompressed).toBe(true);
  expect(view.fields.at(-1)).toMatchObject({ name: 'records', start: 61, value: 'lz4' });
});

test('no bytes at all make it fail, whatever they are', () => {
  const batch = batchBytes(0n, records);
  for (let length = 0; length < batch.length; length++) readBatch(batch.subarray(0, length));
  let seed = 43;
  for (let round = 0; round < 500; round++) {
    const damaged = batch.slice();
    for (let flips = 0; flips < 4; flips++) {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      damaged[seed % damaged.length] = seed >> 8;
    }
    for (const field of readBatch(damaged).fields) expect(field.end).toBeLessThanOrEqual(damaged.length);
  }
});
