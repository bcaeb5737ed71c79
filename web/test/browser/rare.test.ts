/**
 * The page over the real engine when something breaks: it says in words what happened and what to do, in both languages
 * and on a phone's width, and nobody is shut out by it. Faults come from inside its Worker.
 */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { violations } from './drive/axe.js';
import { BROWSERS } from './drive/browsers.js';
import { PAGE } from './drive/built.js';
import type { Browser } from './drive/chromium.js';
import { serve, type StaticServer } from './drive/server.js';
import type { Tab } from './drive/tab.js';
import { IN_WORKER, ORDER, type Order, type Told } from './page/orders.js';
import { PRELUDE } from './page/prelude.js';

const RUNNING = { en: 'Broker running', 'zh-Hans': 'Broker 运行中' };

describe.each(BROWSERS)('in %s', (browserName, startBrowser) => {
  let server: StaticServer;
  let browser: Browser;
  let tab: Tab;

  beforeAll(async () => {
    server = await serve(PAGE, { inWorker: IN_WORKER });
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });
  beforeEach(async () => {
    tab = await browser.tab();
    await tab.driver.resize(1280, 900);
    await tab.open(`${server.origin}/`);
    await tab.choose('#language', 'en');
    await tab.has('.cluster-state', RUNNING.en);
  });
  afterEach(async () => {
    await tab.driver.close();
    const cleaner = await browser.tab();
    await cleaner.open(`${server.origin}/icon.svg`);
    await cleaner.look(`
      for (const { name } of await indexedDB.databases())
        await new Promise(done => (indexedDB.deleteDatabase(name).onsuccess = done));`);
    await cleaner.driver.close();
  });

  const order = (asked: Order) => tab.look<Told>(`${ORDER} return order(of);`, asked);
  const inPage = <T>(body: string, of: unknown = null) => tab.look<T>(PRELUDE + body, of);

  /** `words`: what the page says, in English and in Chinese, wherever `selector` is. */
  async function isFitForAll(name: string, selector: string, words: [en: string, zh: string], on = tab): Promise<void> {
    for (const [language, said] of [
      ['zh-Hans', words[1]],
      ['en', words[0]],
    ] as const) {
      await on.choose('#language', language);
      await on.has(selector, said);
      for (const width of browserName === 'chromium' ? [360, 1280] : [360]) {
        await on.driver.resize(width, 900);
        expect(await on.look('return document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
        expect(await violations(on), `${name}, ${language}, ${width} px`).toEqual([]);
        await on.screenshot(`rare-${name}-${language}-${width}`);
      }
    }
  }

  async function produceInForm(value: string): Promise<void> {
    await tab.fill('#produce-value', value);
    await tab.driver.press('Control+Enter');
  }

  const fill = `
    const timestamp = Date.now() - 3_600_000;
    for (const name of ['old', 't']) await first.createTopic({ name, partitions: name === 't' ? 3 : 1 });
    for (let batch = 0; batch < 8; batch++)
      await first.produce({ topic: 'old', partition: 0, records: [{ value: new Uint8Array(60_000), timestamp }] });
    for (const partition of [0, 1, 2]) await send(first, partition, 5);
  `;

  test('a cluster with records', async () => {
    await inPage(fill);
    await tab.click('.topic', 't');
    await tab.has('.record-table td');
    await tab.click('.record-table tbody tr:nth-child(2)');
    await tab.has('.fields li', 'baseOffset');
    await isFitForAll('records', '.cluster-state', [RUNNING.en, RUNNING['zh-Hans']]);
    expect(tab.errors).toEqual([]);
  });

  // W01, I1, D5.
  test('W01: storage without room, and room made on the page', async () => {
    await inPage(fill);
    await tab.click('.topic', 't');
    await order({ arm: ['quota', 1] });
    await produceInForm('no room');
    await isFitForAll('no-space', '.banner.alarm', ['no room is left', '存储空间已满']);
    // Who found no room is told so in the end, and what was refused is not there later. What is stored is still read.
    await tab.has('.produce .failure', 'KAFKA_STORAGE_ERROR');
    await tab.driver.resize(1280, 900);
    await tab.has('.record-table td');
    await tab.click('.topic', 'old');
    await tab.click('.topic-head button.danger');
    await tab.click('dialog button.danger');
    await tab.has('.cluster-state', RUNNING.en);
    await tab.until('the banner to go', `return !root.querySelector('.banner.alarm')`);
    await tab.click('.topic', 't');
    await produceInForm('there is room');
    await tab.has('.record-table td', 'there is room');
    const kept = await inPage<string[]>(`
      const all = [];
      for (const partition of [0, 1, 2]) all.push(...await values(first, 't', partition));
      return all.filter(value => value.includes('room'));`);
    expect(kept).toEqual(['there is room']);
    expect(tab.errors).toEqual([]);
  });

  // W02, I4.
  test('W02: a database that is lost, again and again', async () => {
    await inPage(fill);
    await order({ arm: ['lost', 1] });
    // Once it is opened again by itself.
    await inPage(`await send(first, 0, 1);`);
    await tab.has('.cluster-state', RUNNING.en);
    await order({ arm: ['lost', 1] });
    await tab.click('.topic', 't');
    await produceInForm('after the loss');
    await tab.has('.banner.alarm');
    await tab.has('.produce .failure', 'KAFKA_STORAGE_ERROR');
    await isFitForAll('offline', '.banner.alarm', ['connection to the storage is gone', '与存储的连接断开了']);
    await tab.driver.resize(1280, 900);
    await tab.click('.banner button');
    await tab.has('.cluster-state', RUNNING.en);
    await tab.until('the banner to go', `return !root.querySelector('.banner.alarm')`);
    await produceInForm('open again');
    await tab.has('.record-table td', 'open again');
  });

  // W03, I3.
  test('W03: relaxed is never told as strict, and strict is what storage is asked for', async () => {
    await isFitForAll('records-kept', '#durability', [
      'may take what was acknowledged',
      '最后几秒已确认的内容可能丢失',
    ]);
    await inPage(`await first.createTopic({ name: 't', partitions: 3 }); await send(first, 0, 5);`);
    const relaxed = await order({ tell: true });
    expect(new Set(relaxed.durabilities)).toEqual(new Set(['relaxed']));
    expect(await inPage('return (await first.status()).durability')).toBe('relaxed');
    // What nobody waits for is not synced; whoever is acknowledged has waited for a strict transaction.
    const strict = await inPage<{ durability: string; grown: boolean[] }>(`${ORDER}
      await first.stop();
      const cluster = await Cluster.start({ name: 'strict', durability: 'strict' });
      const count = async () => (await order({ tell: true })).durabilities.filter(word => word === 'strict').length;
      const grown = [];
      const grows = async work => {
        const before = await count();
        await work();
        grown.push(await count() > before);
      };
      await grows(() => cluster.createTopic({ name: 't', partitions: 3 }));
      for (const partition of [0, 1, 2]) await grows(() => send(cluster, partition, 5));
      const result = { durability: (await cluster.status()).durability, grown };
      await cluster.stop();
      return result;`);
    expect(strict).toEqual({ durability: 'strict', grown: [true, true, true, true] });
    expect(
      await inPage(`
      const cluster = await Cluster.start({ storage: 'memory', durability: 'strict' });
      const { durability } = await cluster.status();
      await cluster.stop();
      return durability;`),
    ).toBe('none');
  });

  // W05, W4.
  test('W05: a second tab is told in words, and cannot write', async () => {
    const second = await browser.tab();
    await second.driver.resize(1280, 900);
    await second.open(`${server.origin}/`);
    await isFitForAll('in-use', '#life-title', ['open in another tab', '另一个标签页'], second);
    await second.tabTo('#life-title ~ .buttons button:nth-child(2)');
    await second.driver.press('Enter');
    await isFitForAll('read-only', '.banner', ['Nothing can be written', '不能从这里写入'], second);
    expect(second.errors).toEqual([]);
    await second.driver.close();
  });

  // W06, I7.
  test('W06: another tab that does not let go of a database blocks nobody for ever', async () => {
    const file = `await (await Cluster.start({ name: 'held' })).stop();
      const source = await Cluster.start({ storage: 'memory' });
      await source.createTopic({ name: 't' });
      const file = await source.export();
      await source.stop();`;
    const other = await browser.tab();
    await inPage(`${file} globalThis.file = file;`);
    await other.open(`${server.origin}/icon.svg`);
    await other.look(`
      const request = indexedDB.open('ottla-held');
      await new Promise(done => (request.onsuccess = done));
      globalThis.held = request.result;`);
    expect(
      await inPage(`return [
      await refusal(Cluster.delete('held')),
      await refusal(Cluster.import(file, { name: 'held', replace: true })),
    ];`),
    ).toEqual(['in-use', 'in-use']);
    await other.look('held.close()');
    expect(
      await inPage(`
      const cluster = await Cluster.import(file, { name: 'held', replace: true });
      const names = (await cluster.topics()).map(({ name }) => name);
      await cluster.stop();
      return names;`),
    ).toEqual(['t']);
    // And the page's own cluster lets go: another tab's upgrade goes through, and the page says what became of it.
    await other.look(`
      const request = indexedDB.open('ottla-default', 1000);
      await new Promise((done, failed) => Object.assign(request, { onsuccess: done, onerror: failed }));
      request.result.close();`);
    // A hidden page asks for nothing.
    await other.driver.close();
    await inPage(`void refusal(first.createTopic({ name: 'late' }))`);
    await isFitForAll('upgraded', '.banner.alarm', ['Log dir offline', '日志目录离线']);
    await tab.click('.banner button');
    await tab.has('.notice', 'later version');
  });

  // I6.
  test('I6: a database that was cleared is not gone on with', async () => {
    await inPage(fill);
    const other = await browser.tab();
    await other.open(`${server.origin}/icon.svg`);
    await other.look(`await new Promise(done => (indexedDB.deleteDatabase('ottla-default').onsuccess = done));`);
    await other.driver.close();
    await inPage(`void refusal(send(first, 0, 1))`);
    await isFitForAll('gone', '.alarm', ['cleared, replaced or deleted', '清除、替换或删除']);
    await tab.click('button', 'Start again');
    await tab.has('.topics .empty');
  });

  // W08, W1.
  test('W08: an engine that stops at a bug within a commit is started anew, once', async () => {
    await inPage(fill);
    await order({ panic: true });
    const told = await inPage('return refusal(send(first, 0, 1))');
    expect(told).toBe('closed');
    await isFitForAll('crashed', '.notice', ['has been started again', '已重新启动']);
    await tab.has('.cluster-state', RUNNING.en);
    await tab.until(
      'all that was acknowledged',
      `const { cluster } = ottla;
       const ends = [];
       for (const partition of [0, 1, 2]) ends.push(Number((await cluster.offset('t', partition, 'latest')).offset));
       // The record of the broken commit may be there or not: nobody was told.
       return [5, 6].includes(ends[0]) && ends[1] === 5 && ends[2] === 5;`,
    );
    await order({ panic: true });
    await tab.look(`void ottla.cluster.createTopic({ name: 'late' }).catch(() => {})`);
    await isFitForAll('crashed-twice', '.alarm', ['stopped at a bug, twice', '两次因程序错误停止']);
    await tab.click('button', 'Start again');
    await tab.has('.topic', 't');
  });
});

describe.each(BROWSERS)('where a page gets no storage, in %s', (browserName, startBrowser) => {
  let server: StaticServer;
  let browser: Browser;

  beforeAll(async () => (browser = await startBrowser()));
  afterEach(() => server.close());
  afterAll(() => browser.close());

  // I5, I8.
  test.each([
    ['there is none', `Object.defineProperty(globalThis, 'indexedDB', { value: undefined });`],
    [
      'it does not open',
      `IDBFactory.prototype.open = () => { throw new DOMException('A mutation operation was attempted on a database that did not allow mutations.', 'InvalidStateError'); };`,
    ],
  ])('I8: %s', async (what, inWorker) => {
    server = await serve(PAGE, { inWorker });
    const tab = await browser.tab();
    await tab.driver.resize(360, 780);
    await tab.open(`${server.origin}/`);
    await tab.choose('#language', 'en');
    await tab.has('.alarm', 'gives the page no storage');
    expect(await violations(tab)).toEqual([]);
    await tab.screenshot(`rare-no-storage-${what.replaceAll(' ', '-')}`);
    await tab.choose('#language', 'zh-Hans');
    await tab.has('.alarm', '没有给本页提供存储');
    expect(await violations(tab)).toEqual([]);
    expect(await tab.look('return globalThis.ottla.cluster === undefined')).toBe(true);
    expect(tab.errors).toEqual([]);
    await tab.driver.close();
    expect(browserName).toBe(tab.browser);
  });
});
