/** What was acknowledged is there after kills at any moment. On the real engine. */

import { describe, expect, test } from 'vitest';
import { BROWSERS } from './drive/browsers.js';
import { PAGE } from './drive/built.js';
import { eachTab, type Site } from './drive/site.js';
import type { Tab } from './drive/tab.js';
import { PRELUDE } from './page/prelude.js';

describe.each(BROWSERS)('in %s', (_, startBrowser) => {
  let site: Site;
  let tab: Tab;

  eachTab(PAGE, startBrowser, async (opened, on) => {
    [tab, site] = [opened, on];
    await tab.open(`${site.origin}/`);
  });

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
    await witness.open(`${site.origin}/icon.svg`);
    await witness.look(`
      globalThis.heard = [];
      new BroadcastChannel('acknowledged').onmessage = ({ data }) => heard.push(data);`);
    for (let round = 0; round < 8; round++) {
      const writer = await site.browser.tab();
      await writer.open(`${site.origin}/`);
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
    const reader = await site.browser.tab();
    await reader.open(`${site.origin}/`);
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
