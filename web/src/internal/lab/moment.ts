/** Moments of virtual time: microseconds inside, seconds for people. */

import { numberFormat } from '../locale.js';

/** A year: nobody runs a world for longer, and every microsecond of it is a safe integer. */
const MOMENT_MAX = 31_536_000_000_000;

/** '12.345678 s'; fewer digits where a moment need not be told from its neighbours. */
export function moment(at: number, digits = 6): string {
  return `${numberFormat(digits, digits).format(at / 1_000_000)} s`;
}

const UNITS: Record<string, number> = { us: 1, µs: 1, μs: 1, ms: 1_000, s: 1_000_000, m: 60_000_000, min: 60_000_000 };

/** What somebody typed: '12.5', '300ms', '1m 2.5s', '1:02.5', full-width digits too. undefined: no moment. */
export function readMoment(typed: string): number | undefined {
  const words = typed.normalize('NFKC').replaceAll('μ', 'µ').trim().toLowerCase();
  const clock = /^(\d{1,6}):([0-5]?\d(?:\.\d+)?)$/.exec(words);
  if (clock) return bounded(Number(clock[1]) * 60_000_000 + Number(clock[2]) * 1_000_000);
  if (/^\d+(\.\d+)?$/.test(words)) return bounded(Number(words) * 1_000_000);
  if (!/^(\d+(\.\d+)?\s*(us|µs|ms|s|min|m)\s*)+$/.test(words)) return undefined;
  let sum = 0;
  for (const [, value, unit] of words.matchAll(/(\d+(?:\.\d+)?)\s*(us|µs|ms|s|min|m)/g))
    sum += Number(value) * UNITS[unit!]!;
  return bounded(sum);
}

function bounded(at: number): number | undefined {
  return at <= MOMENT_MAX ? Math.round(at) : undefined;
}
