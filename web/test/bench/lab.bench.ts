/** The Lab in Chromium: ten minutes of three clients at 300 records a second, and 20 moments of them at random. */

import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { PAGE } from '../browser/drive/built.js';
import { startChromium } from '../browser/drive/chromium.js';
import { serve } from '../browser/drive/server.js';

const TEN_MINUTES = readFileSync(new URL('../../../tests/fixtures/ten-minutes.txt', import.meta.url), 'utf8');
const SEEKS = 20;
const AIM_SEEK_MS = 200;
const AIM_TIMES = 150;
const AIM_MEGABYTES = 100;

interface Measured {
  end: number;
  steps: number;
  millis: number;
  seeks: number[];
  snapshots: { count: number; bytes: number };
}

function row(name: string, ...figures: string[]): void {
  console.log(`${`lab ${name}`.padEnd(48)}  ${figures.join('  ')}`);
}

test('the Lab', async () => {
  const server = await serve(PAGE);
  const browser = await startChromium();
  const tab = await browser.tab();
  await tab.open(`${server.origin}/`);
  await tab.until('the page', 'return globalThis.ottla !== undefined');
  const { end, steps, millis, seeks, snapshots } = await tab.look<Measured>(
    `const lab = await ottla.Lab.open(of.text);
     const begun = performance.now();
     const { now: end, step: steps, snapshots } = await lab.stepUntil({});
     const millis = performance.now() - begun;
     const seeks = [];
     // SplitMix32's numbers: the same moments in every run.
     let seed = 1;
     const below = bound => {
       seed = (seed + 0x9e3779b9) | 0;
       let mixed = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad);
       mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
       return ((mixed ^ (mixed >>> 15)) >>> 0) % bound;
     };
     for (let round = 0; round < of.rounds; round++) {
       const from = performance.now();
       await lab.seek(below(600) * 1e6 + below(1e6));
       seeks.push(performance.now() - from);
     }
     await lab.close();
     return { end, steps, millis, seeks, snapshots };`,
    { text: TEN_MINUTES, rounds: SEEKS },
  );
  const times = end / 1e3 / millis;
  const worst = Math.max(...seeks);
  const middle = [...seeks].sort((one, two) => one - two)[seeks.length >> 1]!;
  const megabytes = snapshots.bytes / 1e6;
  const missed = (is: boolean) => (is ? ': missed' : '');
  row(
    'ten minutes',
    `${times.toFixed(0)} times real time (aim ≥ ${AIM_TIMES}${missed(times < AIM_TIMES)})`,
    `${(steps / millis).toFixed(0)} thousand events/s`,
  );
  row(
    `ten minutes, ${SEEKS} seeks`,
    `${worst.toFixed(0)} ms at worst (aim ≤ ${AIM_SEEK_MS}${missed(worst > AIM_SEEK_MS)})`,
    `${middle.toFixed(0)} ms in the middle`,
    `${snapshots.count} snapshots of ${megabytes.toFixed(1)} MB (aim ≤ ${AIM_MEGABYTES}${missed(megabytes > AIM_MEGABYTES)})`,
  );
  await browser.close();
  await server.close();
});
