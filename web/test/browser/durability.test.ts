/** What was acknowledged is there after kills at any moment. On the real engine. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BROWSERS } from './drive/browsers.js';
import { PAGE } from './drive/built.js';
import type { Browser } from './drive/chromium.js';
import { serve, type StaticServer } from './drive/server.js';
import type { Tab } from './drive/tab.js';
import { PRELUDE } from './page/prelude.js';

describe.each(BROWSERS)('in %s', (_, startBrowser) => {
  let server: StaticServer;
  let browser: Browser;
  let tab: Tab;

  beforeAll(async () => {
    server = await serve(PAGE);
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });
  beforeEach(async () => {
    tab = await browser.tab();
    await tab.open(`${server.origin}/`);
  });
  afterEach(() => tab.driver.close());

  // W1, W5.
  test('a Worker killed at 50 moments loses nothing that was acknowledged', async () => {
    const found = await tab.look<{ records: number; wrong: unknown[] }>(`${PRELUDE}
      await Cluster.delete('kills');
      let cluster = await Cluster.start({ name: 'kills' });
      await cluster.createTopic({ name: 't', partitions: 3 });
      for (let round = 0; round < 50; round++) {
        const work = [0, 1, 2].map(async partition => {
          for (;;) await send(cluster, partition, 20);
        });
        const ended = Promise.allSettled(work);
        await rest(15 + Math.random() * 60);
        cluster.kill();
        await ended;
        cluster = await Cluster.start({ name: 'kills' });
      }
      const result = { records: acknowledged.reduce((sum, { size }) => sum + size, 0), wrong: await missing(cluster) };
      await cluster.stop();
      await Cluster.delete('kills');
      return result;
    `);
    expect(found.wrong).toEqual([]);
    expect(found.records).toBeGreaterThan(5_000);
  });

  // W2.
  test('a tab closed in the middle of writing loses nothing that was acknowledged', async () => {
    // Hears what is acknowledged, and outlives the tabs that write. It runs no cluster.
    const witness = tab;
    await witness.open(`${server.origin}/icon.svg`);
    await witness.look(`
      globalThis.heard = [];
      new BroadcastChannel('acknowledged').onmessage = ({ data }) => heard.push(data);`);
    for (let round = 0; round < 8; round++) {
      const writer = await browser.tab();
      await writer.open(`${server.origin}/`);
      await writer.has('.cluster-state', 'Broker running');
      const before = await witness.look<number>('return heard.length');
      await writer.look(
        `${PRELUDE}
         const channel = new BroadcastChannel('acknowledged');
         await refusal(first.createTopic({ name: 't', partitions: 3 }));
         for (const partition of [0, 1, 2])
           void (async () => {
             for (let from = (3 * of + partition) * 1_000_000; ; from += 20)
               channel.postMessage([partition, from, 20, Number(await send(first, partition, 20, from))]);
           })();`,
        round,
      );
      await witness.until('acknowledgements', 'return heard.length > of', before + 20 + 13 * round);
      await writer.driver.close();
    }
    const heard = await witness.look<number[][]>('return heard');
    const reader = await browser.tab();
    await reader.open(`${server.origin}/`);
    await reader.has('.cluster-state', 'Broker running');
    const wrong = await reader.look(
      `${PRELUDE}
       for (const [partition, from, count, base] of of) enter(partition, from, count, BigInt(base));
       return missing(first);`,
      heard,
    );
    await reader.driver.close();
    expect(wrong).toEqual([]);
    expect(heard.length).toBeGreaterThan(400);
  });
});
