import { beforeEach, expect, test } from 'vitest';
import { clock, clockStep, duration, size } from '../../src/internal/format.js';
import { setLanguage } from '../../src/internal/locale.js';

beforeEach(() => setLanguage('en'));

test('a time under the clock’s step is said to be under it', () => {
  expect(duration(0, 100)).toBe('< 0.1 ms');
  expect(duration(100, 100)).toBe('0.1 ms');
  expect(duration(2_500, 100)).toBe('2.5 ms');
  expect(duration(42_400, 100)).toBe('42 ms');
  expect(duration(5_000_000, 100)).toBe('5 s');
});

test('sizes', () => {
  expect([0, 999, 1_000, 1_540, 123_456, 10e9].map(size)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '1.5 kB',
    '123 kB',
    '10 GB',
  ]);
});

test('the day is only shown where it is another', () => {
  const at = new Date(2026, 10, 25, 9, 5, 3, 7);
  expect(clock(at, new Date(2026, 10, 25, 23))).toBe('09:05:03.007');
  expect(clock(at, new Date(2026, 10, 26))).toBe('2026-11-25 09:05:03.007');
  expect(clock(new Date(NaN))).toBe('–');
});

test('the clock’s step is found', () => {
  expect(clockStep()).toBeGreaterThan(0);
});
