/** What was acknowledged is there: after kills at any moment, and whatever storage refuses. On the real engine. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BROWSERS } from './drive/browsers.js';
import { PAGE } from './drive/built.js';
import type { Browser } from './drive/chromium.js';
import { serve, type StaticServer } from './drive/server.js';
import type { Tab } from './drive/tab.js';

/** What every test's code in the page begins with: a cluster, and a book of what it acknowledged. */
const PRELUDE = `
  const Cluster = (await ottla.ready).constructor;
  const rest = millis => new Promise(resolve => setTimeout(resolve, millis));
  const bytesOf = number => Uint8Array.from({ length: 40 + number % 500 }, (_, index) => (number * 31 + index * 7) % 256);
  const book = [new Map(), new Map(), new Map()];
  let next = 0;
  const send = async (cluster, partition, count) => {
    const numbers = Array.from({ length: count }, () => next++);
    const { baseOffset } = await cluster.produce({
      topic: 't', partition, records: numbers.map(number => ({ key: String(number), value: bytesOf(number) })),
    });
    numbers.forEach((number, index) => book[partition].set(number, baseOffset + BigInt(index)));
  };
  const missing = async cluster => {
    const wrong = [];
    for (const [partition, acknowledged] of book.entries()) {
      const found = new Map();
      const { offset: end } = await cluster.offset('t', partition, 'latest');
      for (let offset = 0n; offset < end; ) {
        const { batches } = await cluster.fetch({ topic: 't', partition, offset, maxBytes: 8 << 20, maxWaitMs: 0 });
        for (const batch of batches) {
          for (const record of batch.records) found.set(record.offset, record);
          offset = batch.lastOffset + 1n;
        }
      }
      for (const [number, offset] of acknowledged) {
        const record = found.get(offset);
        const key = record && new TextDecoder().decode(record.key);
        const isSame = key === String(number) && record.value.join() === bytesOf(number).join();
        if (!isSame) wrong.push([partition, Number(offset), number, key ?? 'nothing']);
      }
    }
    return wrong;
  };
`;

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
      const result = { records: book.reduce((sum, { size }) => sum + size, 0), wrong: await missing(cluster) };
      await cluster.stop();
      await Cluster.delete('kills');
      return result;
    `);
    expect(found.wrong).toEqual([]);
    expect(found.records).toBeGreaterThan(5_000);
  });

  test('W01: whichever write storage refuses, nothing is lost, and records are taken again', async () => {
    // Without a Worker the engine runs beside the page, where its storage can be refused.
    const found = await tab.look<{ states: string[]; wrong: unknown[]; taken: number }>(`${PRELUDE}
      const { Worker } = globalThis;
      const { put } = IDBObjectStore.prototype;
      globalThis.Worker = class { constructor() { throw new Error('no Worker here'); } };
      await Cluster.delete('refused');
      const cluster = await Cluster.start({ name: 'refused' });
      globalThis.Worker = Worker;
      await cluster.createTopic({ name: 't', partitions: 3 });
      for (const partition of [0, 1, 2]) await send(cluster, partition, 5);
      const states = [];
      for (const [number, refuse] of [
        [0, transaction => transaction.abort()],
        [1, transaction => transaction.abort()],
        [0, () => { throw new DOMException('as a test wants it', 'QuotaExceededError'); }],
      ]) {
        let count = 0;
        let isOver = false;
        IDBObjectStore.prototype.put = function (...given) {
          const request = put.apply(this, given);
          if (!isOver && count++ >= number) refuse(this.transaction);
          return request;
        };
        const sending = Promise.all([0, 1, 2].map(partition => send(cluster, partition, 3)));
        while ((await cluster.status()).state === 'online') await rest(10);
        states.push((await cluster.status()).state);
        if ((await missing(cluster)).length > 0) states.push('acknowledged records are missing meanwhile');
        isOver = true;
        // The client goes on asking, and is answered once there is room: no reload.
        await sending;
        states.push((await cluster.status()).state);
      }
      IDBObjectStore.prototype.put = put;
      const result = { states, wrong: await missing(cluster), taken: next };
      await cluster.stop();
      await Cluster.delete('refused');
      return result;
    `);
    expect(found).toEqual({
      states: ['read-only', 'online', 'read-only', 'online', 'read-only', 'online'],
      wrong: [],
      taken: 42,
    });
  });
});
