/**
 * Whatever storage refuses, at each of its calls in turn: nothing acknowledged is lost, the cluster says what happened,
 * and takes records again without a reload. On the real engine, which runs beside the page, where its storage can be
 * refused.
 */

import { describe, expect, test } from 'vitest';
import { BROWSERS } from './drive/browsers.js';
import { PAGE } from './drive/built.js';
import { eachTab } from './drive/site.js';
import type { Tab } from './drive/tab.js';
import { installFaults } from './page/faults.js';
import { PRELUDE } from './page/prelude.js';
import { sweep, type Sweep, type Swept } from './page/sweep.js';

/** `cargo verify --full` refuses every call; otherwise every so many, not the same ones in both browsers. */
const IS_FULL = process.env['OTTLA_VERIFY'] === 'full';

describe.each(BROWSERS)('in %s', (browserName, startBrowser) => {
  let tab: Tab;

  eachTab(PAGE, startBrowser, async (opened, { origin }) => {
    tab = opened;
    await tab.open(`${origin}/`);
  });

  // W01, W02, I1, I2, I4, S3, R1.
  test.each([
    { title: 'W01: the quota is reached at each write in turn', kind: 'quota', slice: 16 },
    { title: 'I2: each request in turn aborts its transaction', kind: 'abort', slice: 40 },
    { title: 'W02: the database is lost at each transaction in turn', kind: 'lost', slice: 8 },
  ] as const)('$title', { timeout: 1_200_000 }, async ({ title, kind, slice }) => {
    let first: number | undefined = IS_FULL ? 1 : browserName.length;
    let runs = 0;
    await tab.look(`globalThis.faults = (${installFaults})();`);
    while (first !== undefined) {
      const asked: Sweep = { kind, first, step: IS_FULL ? 1 : slice, millis: 60_000 };
      const swept = await tab.look<Swept>(
        `${PRELUDE} return withoutWorker(() => (${sweep})({ Cluster, faults, openBook }, of));`,
        asked,
      );
      console.log(`${browserName}, ${title}:`, JSON.stringify(swept));
      expect(swept.problems).toEqual([]);
      runs += swept.runs;
      first = swept.next;
    }
    expect(runs).toBeGreaterThan(0);
  });
});
