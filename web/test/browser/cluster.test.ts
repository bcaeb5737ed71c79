/** The package's public API on the real engine: what a page can ask of a cluster, and what becomes of its records. */

import { afterEach, describe, expect, test } from 'vitest';
import { BROWSERS } from './drive/browsers.js';
import { PAGE } from './drive/built.js';
import { eachTab } from './drive/site.js';
import type { Tab } from './drive/tab.js';
import { PRELUDE } from './page/prelude.js';

describe.each(BROWSERS)('in %s', (_, startBrowser) => {
  let tab: Tab;

  eachTab(PAGE, startBrowser, async (opened, { origin }) => {
    tab = opened;
    await tab.open(`${origin}/`);
  });
  afterEach(() => expect(tab.errors).toEqual([]));

  const inPage = <T>(body: string) => tab.look<T>(PRELUDE + body);

  test('records come back as they were sent', async () => {
    const found = await inPage(`
      await Cluster.delete('sent');
      const cluster = await Cluster.start({ name: 'sent' });
      await cluster.createTopic({ name: 't', partitions: 2, configs: { 'retention.ms': '3600000' } });
      const at = new Date(Date.now() - 1000);
      const produced = await cluster.produce({ topic: 't', partition: 1, compression: 'lz4', records: [
        { key: 'k', value: new Uint8Array([0, 255]), headers: [['h', 'x'], ['n', null]], timestamp: at },
        { key: null, value: null },
      ] });
      const { batches: [batch], highWatermark } = await cluster.fetch({ topic: 't', partition: 1, offset: 0n });
      const [one, two] = batch.records;
      const configs = await cluster.configs('t');
      const result = {
        base: Number(produced.baseOffset), highWatermark: Number(highWatermark), compression: batch.compression,
        key: text(one.key), value: [...one.value], headers: one.headers.map(([name, value]) => [name, text(value)]),
        at: one.timestamp - at, tombstone: [two.key, two.value], whole: batch.bytes.length > 61,
        retention: configs.find(({ name }) => name === 'retention.ms')?.value,
        late: await cluster.offset('t', 1, new Date(Date.now() + 1e6)) ?? 'none',
        latest: Number((await cluster.offset('t', 1, 'latest')).offset),
        deleted: Number(await cluster.deleteRecords('t', 1, 1n)),
        unknown: await refusal(cluster.alterConfigs('t', { 'no.such': '1' })),
        name: await refusal(cluster.createTopic({ name: 't' })),
      };
      await cluster.stop();
      return { ...result, closed: await cluster.closed, after: await refusal(cluster.topics()) };
    `);
    expect(found).toEqual({
      base: 0,
      highWatermark: 2,
      compression: 'lz4',
      key: 'k',
      value: [0, 255],
      headers: [
        ['h', 'x'],
        ['n', null],
      ],
      at: 0,
      tombstone: [null, null],
      whole: true,
      retention: '3600000',
      late: 'none',
      latest: 2,
      deleted: 1,
      unknown: 'INVALID_CONFIG',
      name: 'TOPIC_ALREADY_EXISTS',
      closed: { reason: 'stopped' },
      after: 'closed',
    });
  });

  test('what was acknowledged is there after the Worker was killed', async () => {
    const found = await inPage(`
      await Cluster.delete('killed');
      const cluster = await Cluster.start({ name: 'killed' });
      await cluster.createTopic({ name: 't' });
      await cluster.produce({ topic: 't', partition: 0, records: [{ value: 'one' }, { value: 'two' }] });
      const open = refusal(cluster.fetch({ topic: 't', partition: 0, offset: 2n, maxWaitMs: 20000 }));
      cluster.kill();
      const again = await Cluster.start({ name: 'killed' });
      const result = [await open, (await cluster.closed).reason, await values(again, 't', 0)];
      await again.stop();
      return result;
    `);
    expect(found).toEqual(['closed', 'killed', ['one', 'two']]);
  });

  test('a call can be given up, and a connection carries raw bytes', async () => {
    const found = await inPage(`
      const cluster = await Cluster.start({ storage: 'memory' });
      await cluster.createTopic({ name: 't' });
      const controller = new AbortController();
      const fetch = refusal(cluster.fetch({ topic: 't', partition: 0, offset: 0n, maxWaitMs: 20000, signal: controller.signal }));
      setTimeout(() => controller.abort(), 50);
      // ApiVersions v0, correlation 7, no client id.
      const connection = await cluster.connect();
      connection.send(new Uint8Array([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 255, 255]));
      let answer = [];
      for await (const bytes of connection) {
        answer.push(...bytes);
        if (answer.length >= 10) break;
      }
      connection.close();
      const result = [await fetch, answer.slice(4, 10)];
      await cluster.stop();
      return result;
    `);
    expect(found).toEqual(['aborted', [0, 0, 0, 7, 0, 0]]);
  });

  test('a cluster is exported, deleted and imported with the same bytes', async () => {
    const found = await inPage(`
      for (const name of ['moved', 'spoilt']) await Cluster.delete(name);
      const cluster = await Cluster.start({ name: 'moved' });
      await cluster.createTopic({ name: 't', partitions: 2 });
      const value = new Uint8Array(200_000).map((_, index) => index * 7);
      for (let number = 0; number < 4; number++)
        await cluster.produce({ topic: 't', partition: number % 2, records: [{ value }, { value: 'x' + number }] });
      const before = [await bytes(cluster, 't', 0), await bytes(cluster, 't', 1)];
      const file = await cluster.export();
      const inUse = await refusal(Cluster.import(file, { name: 'moved' }));
      await cluster.stop();
      const exists = await refusal(Cluster.import(file, { name: 'moved' }));
      await Cluster.delete('moved');
      const imported = await Cluster.import(file, { name: 'moved' });
      const after = [await bytes(imported, 't', 0), await bytes(imported, 't', 1)];
      const same = imported.clusterId === cluster.clusterId && before.every((bytes, index) => bytes === after[index]);
      await imported.stop();
      const spoilt = [
        new Blob(['no tar at all']),
        file.slice(0, file.size / 2),
        new Blob([file.slice(0, 512), 'x', file.slice(513)]),
      ];
      const refusals = [];
      for (const blob of spoilt) refusals.push(await refusal(Cluster.import(blob, { name: 'spoilt' })));
      const left = (await indexedDB.databases()).some(({ name }) => name === 'ottla-spoilt');
      return { inUse, exists, same, size: file.size > 800_000, refusals, left };
    `);
    expect(found).toEqual({
      inUse: 'in-use',
      exists: 'exists',
      same: true,
      size: true,
      refusals: ['bad-file', 'bad-file', 'bad-file'],
      left: false,
    });
  });

  test('the page runs a cluster of its own', async () => {
    await tab.has('.cluster-state', 'Broker running');
    expect(await inPage('return (await first.status()).state')).toBe('online');
  });
});
