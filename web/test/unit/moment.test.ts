import { beforeEach, expect, test } from 'vitest';
import { readDuration } from '../../src/internal/lab/commands.js';
import { moment, readMoment } from '../../src/internal/lab/moment.js';
import { setLanguage } from '../../src/internal/locale.js';

beforeEach(() => setLanguage('en'));

test('moments are told in seconds', () => {
  expect(moment(0)).toBe('0.000000 s');
  expect(moment(12_345_678)).toBe('12.345678 s');
  expect(moment(1_234_567_891, 3)).toBe('1,234.568 s');
  setLanguage('zh-Hans');
  expect(moment(60_000_000, 0)).toBe('60 s');
});

test('moments are read as people write them', () => {
  const cases: [string, number | undefined][] = [
    ['12.5', 12_500_000],
    ['0', 0],
    [' 300ms ', 300_000],
    ['250us', 250],
    ['250µs', 250],
    ['250μs', 250],
    ['1m 2.5s', 62_500_000],
    ['2min', 120_000_000],
    ['1:02.5', 62_500_000],
    ['１２．５', 12_500_000],
    ['', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['1:99', undefined],
    ['half past', undefined],
    ['s', undefined],
    ['99999999999', undefined],
    [`${'9'.repeat(400)}`, undefined],
  ];
  for (const [typed, at] of cases) expect([typed, readMoment(typed)]).toEqual([typed, at]);
});

test('lengths of time become a script’s own', () => {
  const cases: [string, string | undefined][] = [
    ['2s', '2s'],
    ['2', '2s'],
    [' 300 MS', '300ms'],
    ['1.5m', '1.5m'],
    ['２ｓ', '2s'],
    ['2s; kill 1', undefined],
    ['', undefined],
    ['-2s', undefined],
  ];
  for (const [typed, length] of cases) expect([typed, readDuration(typed)]).toEqual([typed, length]);
});
