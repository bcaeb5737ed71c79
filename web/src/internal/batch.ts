/**
 * A record batch's bytes with a name on every one of them (Kafka's DefaultRecordBatch, magic 2).
 *
 * Reads only what lies inside the batch it is handed, and stops where the bytes end: a damaged batch shows the fields
 * that can still be read.
 */

import { crc32c } from './crc.js';

export interface Field {
  /** Kafka's name, as in DefaultRecordBatch; unique within a batch together with `record`. */
  name: string;
  start: number;
  /** Exclusive. */
  end: number;
  value: string;
  /** For bytes that hold text or anything else: shown as such instead of `value`. */
  content?: Uint8Array;
  /** Which record of the batch, from 0; undefined for the header's. */
  record?: number;
}

export interface BatchView {
  fields: Field[];
  isCrcRight: boolean;
  isCompressed: boolean;
  records: number;
}

const HEADER_BYTES = 61;
const CRC_FROM = 21;
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

export function readBatch(bytes: Uint8Array): BatchView {
  if (bytes.length < HEADER_BYTES) return { fields: [], isCrcRight: false, isCompressed: false, records: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isCrcRight = crc32c(bytes.subarray(CRC_FROM)) === view.getUint32(17);
  const records = view.getInt32(57);
  const isCompressed = (view.getInt16(21) & 7) !== 0;
  const fields = headerFields(view, isCrcRight);
  if (isCompressed) {
    const value = CODECS[view.getInt16(21) & 7] ?? '?';
    fields.push({ name: 'records', start: HEADER_BYTES, end: bytes.length, value });
  } else {
    recordFields(bytes, records, fields);
  }
  return { fields, isCrcRight, isCompressed, records };
}

function headerFields(view: DataView, isCrcRight: boolean): Field[] {
  const hex = (number: number) => `0x${number.toString(16).padStart(8, '0')}`;
  const time = (at: bigint) => `${at} · ${isoTime(Number(at))}`;
  const at = (name: string, start: number, end: number, value: bigint | number | string): Field => ({
    name,
    start,
    end,
    value: String(value),
  });
  return [
    at('baseOffset', 0, 8, view.getBigInt64(0)),
    at('batchLength', 8, 12, view.getInt32(8)),
    at('partitionLeaderEpoch', 12, 16, view.getInt32(12)),
    at('magic', 16, 17, view.getInt8(16)),
    at('crc', 17, 21, `${hex(view.getUint32(17))} ${isCrcRight ? '✓' : '✕'}`),
    at('attributes', 21, 23, attributeWords(view.getInt16(21))),
    at('lastOffsetDelta', 23, 27, view.getInt32(23)),
    at('baseTimestamp', 27, 35, time(view.getBigInt64(27))),
    at('maxTimestamp', 35, 43, time(view.getBigInt64(35))),
    at('producerId', 43, 51, view.getBigInt64(43)),
    at('producerEpoch', 51, 53, view.getInt16(51)),
    at('baseSequence', 53, 57, view.getInt32(53)),
    at('recordsCount', 57, 61, view.getInt32(57)),
  ];
}

/** The bits that are set, by Kafka's names; the first two are always there because 0 means something in them. */
function attributeWords(bits: number): string {
  const words = [
    `0b${(bits & 0x7f).toString(2).padStart(7, '0')}`,
    CODECS[bits & 7] ?? '?',
    bits & 8 ? 'LogAppendTime' : 'CreateTime',
  ];
  if (bits & 0x10) words.push('transactional');
  if (bits & 0x20) words.push('control');
  if (bits & 0x40) words.push('deleteHorizon');
  return words.join(' · ');
}

function isoTime(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '?' : date.toISOString();
}

/** Walks the records; gives up, without a word, at the first that does not fit its own length. */
function recordFields(bytes: Uint8Array, records: number, fields: Field[]): void {
  const walk = new Walk(bytes, HEADER_BYTES, fields);
  for (let record = 0; record < records; record++) {
    walk.record = record;
    const length = walk.varint('length');
    if (length === undefined) return;
    const end = walk.position + length;
    if (length < 0 || end > bytes.length || !walk.body(end)) return;
    walk.position = end;
  }
}

class Walk {
  record = 0;

  constructor(
    private readonly bytes: Uint8Array,
    public position: number,
    private readonly fields: Field[],
  ) {}

  /** One record after its length. False: it does not hold what it says. */
  body(end: number): boolean {
    if (!this.number('attributes', 1)) return false;
    if (this.varint('timestampDelta') === undefined || this.varint('offsetDelta') === undefined) return false;
    if (!this.content('keyLength', 'key', end) || !this.content('valueLength', 'value', end)) return false;
    const headers = this.varint('headersCount');
    if (headers === undefined) return false;
    for (let header = 0; header < headers; header++) {
      if (!this.content(`headerKeyLength`, `headerKey`, end)) return false;
      if (!this.content(`headerValueLength`, `headerValue`, end)) return false;
    }
    return this.position === end;
  }

  varint(name: string): number | undefined {
    const start = this.position;
    let raw = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.position++];
      if (byte === undefined) return undefined;
      raw |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        const value = (raw >> 1n) ^ -(raw & 1n);
        this.push(name, start, String(value));
        return Number(value);
      }
    }
    return undefined;
  }

  private number(name: string, size: number): boolean {
    const start = this.position;
    this.position += size;
    if (this.position > this.bytes.length) return false;
    this.push(name, start, String(this.bytes[start]));
    return true;
  }

  /** A length and as many bytes; -1 stands for null. */
  private content(lengthName: string, name: string, end: number): boolean {
    const length = this.varint(lengthName);
    if (length === undefined || length < -1) return false;
    if (length === -1) return true;
    const start = this.position;
    if (start + length > end) return false;
    this.position += length;
    if (length > 0) this.push(name, start, '', this.bytes.subarray(start, this.position));
    return true;
  }

  private push(name: string, start: number, value: string, content?: Uint8Array): void {
    const field = { name, start, end: this.position, value, record: this.record };
    this.fields.push(content ? { ...field, content } : field);
  }
}
