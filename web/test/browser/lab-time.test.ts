/** The Lab's engine in a page: any moment is reached soon and is the one it was, and a fork goes its own way. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BROWSERS } from './drive/browsers.js';
import { PAGE } from './drive/built.js';
import type { Browser } from './drive/chromium.js';
import { serve, type StaticServer } from './drive/server.js';
import type { Tab } from './drive/tab.js';

const TEN_MINUTES = new URL('../../../tests/fixtures/ten-minutes.txt', import.meta.url);
/** A tenth of it. */
const MINUTE = readFileSync(TEN_MINUTES, 'utf8').replace('duration 600s', 'duration 60s');
/** Ten times what a seek may take. */
const SEEK_MS_MAX = 2_000;

interface Moments {
  straight: string[];
  again: string[];
  worst: number;
  heard: number;
}

describe.each(BROWSERS)('in %s', (_, start) => {
  let server: StaticServer;
  let browser: Browser;
  let tab: Tab;

  beforeAll(async () => {
    server = await serve(PAGE);
    browser = await start();
    tab = await browser.tab();
    await tab.open(`${server.origin}/`);
    await tab.until('the page', 'return globalThis.ottla !== undefined');
  });
  afterAll(async () => {
    expect(tab.errors).toEqual([]);
    await browser.close();
    await server.close();
  });

  test('whichever way a moment is reached it is the same, and soon', async () => {
    const { straight, again, worst, heard } = await tab.look<Moments>(
      `const lab = await ottla.Lab.open(of);
       const moments = Array.from({ length: 20 }, (_, at) => at * 3e6);
       const straight = [];
       let heard = 0;
       for (const at of moments) straight.push((await lab.seek(at, () => heard++)).digest);
       await lab.seek(59e6, () => heard++);
       const again = [];
       let worst = 0;
       for (let at = 0; at < moments.length; at++) {
         const begun = performance.now();
         again[(at * 7) % 20] = (await lab.seek(moments[(at * 7) % 20])).digest;
         worst = Math.max(worst, performance.now() - begun);
       }
       await lab.close();
       return { straight, again, worst, heard };`,
      MINUTE,
    );
    expect(new Set(straight).size).toBe(20);
    expect(again).toEqual(straight);
    expect(worst).toBeLessThan(SEEK_MS_MAX);
    expect(heard).toBeGreaterThan(0);
  });

  test('a fork goes its own way, and a journal leads to where it was written', async () => {
    const seen = await tab.look<Record<string, unknown>>(
      `const lab = await ottla.Lab.open('ottla 1\\nseed 7\\n');
       const { now, digest } = await lab.seek(9e6);
       const fork = await lab.fork();
       const killed = await fork.command('kill 1 for 300ms');
       const event = (await fork.events(1, 'world'))[0];
       const until = await fork.stepUntil({ events: ['BrokerStarted'] });
       const still = await lab.state();
       const journal = await fork.journal();
       const again = await ottla.Lab.open(journal);
       const replayed = await again.seek(until.now);
       const refused = await lab.command('dance').catch(error => [error.name, error.code, error.detail]);
       const unopened = await ottla.Lab.open('nothing').catch(error => [error.name, error.code, error.detail]);
       await Promise.all([lab, fork, again].map(each => each.close()));
       const closed = await lab.state().catch(error => error.code);
       return { now, same: still.digest === digest, brokers: killed.brokers.map(({ state }) => state), event, reached: until.reached,
         replayed: replayed.digest === until.digest, notes: replayed.notes, refused, unopened, closed };`,
    );
    expect(seen).toMatchObject({
      now: 9e6,
      same: true,
      brokers: ['down'],
      event: { who: 'world', name: 'fault', code: 'K1', command: 'kill 1 for 300ms' },
      reached: true,
      replayed: true,
      notes: [],
      closed: 'closed',
    });
    expect(seen['refused']).toEqual(['OttlaError', 'bad-scenario', expect.stringContaining('dance')]);
    expect(seen['unopened']).toEqual(['OttlaError', 'bad-scenario', expect.stringMatching(/^line 1: /)]);
  });

  test('a way that is left is over, and tells where it got to', async () => {
    const [left, next] = await tab.look<{ now: number }[]>(
      `const lab = await ottla.Lab.open(of);
       const long = lab.seek(60e6);
       const short = lab.seek(1e6);
       const states = await Promise.all([long, short]);
       await lab.close();
       return states;`,
      MINUTE,
    );
    expect(left!.now).toBeLessThan(60e6);
    expect(next!.now).toBe(1e6);
  });
});
