/** Numbers and times in the reader's language. */

import { numberFormat } from './locale.js';

export function number(value: number | bigint): string {
  return numberFormat().format(value);
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${numberFormat(0, digits).format(value)} ${UNITS[unit]}`;
}

/** `step` is what the clock moves by: a shorter time was not measured. */
export function duration(microseconds: number, step: number): string {
  const digits = (value: number, most: number) => numberFormat(0, most).format(value);
  if (microseconds < step) return `< ${digits(step / 1000, 3)} ms`;
  if (microseconds < 1_000_000) return `${digits(microseconds / 1000, microseconds < 10_000 ? 1 : 0)} ms`;
  return `${digits(microseconds / 1_000_000, 1)} s`;
}

const two = (value: number) => String(value).padStart(2, '0');

/** Local time; the day only where it is another. */
export function clock(at: Date, today = new Date()): string {
  if (Number.isNaN(at.getTime())) return '–';
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  const isToday = at.toDateString() === today.toDateString();
  return isToday ? time : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

let step: number | undefined;

/**
 * What this browser's clock moves by, in microseconds: the least difference between readings, measured once.
 * Bounded, for clocks that hardly move.
 */
export function clockStep(): number {
  if (step !== undefined) return step;
  let least = Infinity;
  let last = performance.now();
  for (let readings = 0, changes = 0; changes < 3 && readings < 200_000; readings++) {
    const now = performance.now();
    if (now === last) continue;
    least = Math.min(least, now - last);
    last = now;
    changes++;
  }
  step = Number.isFinite(least) ? Math.max(5, Math.round(least * 1000)) : 1000;
  return step;
}
