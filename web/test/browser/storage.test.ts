/** What the page promises about what is stored: killed, exported, deleted, imported, opened twice. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BROWSERS } from './drive/browsers.js';
import { PAGE } from './drive/built.js';
import type { Browser } from './drive/chromium.js';
import { serve, type StaticServer } from './drive/server.js';
import type { Tab } from './drive/tab.js';

/** Every batch of the topic, byte for byte. */
const ALL_BYTES = `
  const { cluster } = ottla;
  const topic = (await cluster.topics()).find(({ name }) => name === of);
  const bytes = [];
  for (const { partition, highWatermark } of topic.partitions)
    for (let offset = 0n; offset < highWatermark; ) {
      const { batches } = await cluster.fetch({ topic: of, partition, offset });
      for (const batch of batches) bytes.push([partition, ...batch.bytes].join(' '));
      offset = batches.at(-1).lastOffset + 1n;
    }
  return bytes;`;

const PRODUCE = `
  const { cluster } = ottla;
  await cluster.createTopic({ name: of, partitions: 3 });
  for (let at = 0; at < 30; at++)
    await cluster.produce({ topic: of, partition: at % 3, compression: ['none', 'gzip', 'lz4', 'snappy'][at % 4],
      records: [{ key: 'k' + at, value: 'v'.repeat(at * 50), headers: [['h', 'x']] }, { key: null, value: null }] });`;

describe.each(BROWSERS)('in %s', (_, start) => {
  let server: StaticServer;
  let browser: Browser;
  let tab: Tab;

  beforeAll(async () => {
    server = await serve(PAGE);
    browser = await start();
    tab = await browser.tab();
    await tab.driver.resize(1280, 900);
    await open(tab);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  async function open(opened: Tab): Promise<void> {
    await opened.open(`${server.origin}/`);
    await opened.has('.cluster-state', 'Broker running');
  }

  test('a killed worker loses nothing that was acknowledged', async () => {
    await tab.look(PRODUCE, 'killed');
    const before = await tab.look<string[]>(ALL_BYTES, 'killed');
    expect(before).toHaveLength(30);
    await tab.look('ottla.cluster.kill()');
    await tab.has('.alarm', 'Its worker was killed');
    await tab.click('button', 'Start again');
    await tab.has('.topic', 'killed');
    expect(await tab.look(ALL_BYTES, 'killed')).toEqual(before);
  });

  test('a second tab is told, cannot write, and may have a copy', async () => {
    await tab.look(PRODUCE, 'shared');
    const before = await tab.look<string[]>(ALL_BYTES, 'shared');
    const second = await browser.tab();
    await second.open(`${server.origin}/`);
    await second.has('#life-title', 'open in another tab');

    await second.click('button', 'Read only');
    await second.has('.banner', 'Nothing can be written');
    const refusal = `return ottla.cluster.produce({ topic: 'shared', partition: 0, records: [{ value: 'x' }] }).then(() => '', error => error.code)`;
    expect(await second.look(refusal)).toBe('read-only');
    expect(await second.look(ALL_BYTES, 'shared')).toEqual(before);

    await second.driver.reload();
    await second.click('button', 'Open a copy');
    await second.has('.cluster-state', 'default-copy-');
    expect(await second.look(ALL_BYTES, 'shared')).toEqual(before);
    await second.look(`await ottla.cluster.produce({ topic: 'shared', partition: 0, records: [{ value: 'x' }] })`);
    expect(await tab.look(ALL_BYTES, 'shared')).toEqual(before);
    expect(second.errors).toEqual([]);
    await second.driver.close();
  });

  test('exported, deleted and imported, it is the same byte for byte', async () => {
    await tab.look(PRODUCE, 'moved');
    const before = await tab.look<string[]>(ALL_BYTES, 'moved');
    await tab.click('.storage button', 'Export');
    await tab.has('.notice', 'Cluster exported');
    const file = await downloaded(browser.downloads);

    await tab.click('.storage button', 'Delete cluster');
    await tab.click('dialog button.danger');
    await tab.has('#life-title', 'The cluster is deleted');
    await tab.click('button', 'Start again');
    await tab.has('.topics .empty', 'No topics yet');

    await tab.driver.upload('#import-file', file);
    await tab.has('.notice', 'Cluster imported');
    await tab.has('.topic', 'moved');
    expect(await tab.look(ALL_BYTES, 'moved')).toEqual(before);
    await tab.driver.reload();
    await tab.has('.topic', 'moved');
    expect(await tab.look(ALL_BYTES, 'moved')).toEqual(before);
  });

  test('a file that is no cluster changes nothing', async () => {
    const before = await tab.look<string[]>(ALL_BYTES, 'moved');
    await tab.driver.upload('#import-file', join(PAGE, 'index.html'));
    await tab.click('dialog button.danger');
    await tab.has('.notice[data-kind=failed]', 'bad-file');
    await tab.has('.topic', 'moved');
    expect(await tab.look(ALL_BYTES, 'moved')).toEqual(before);
  });

  test('a topic is deleted after a question, and a reset leaves none', async () => {
    await tab.click('.topic', 'moved');
    await tab.click('.topic-head button.danger');
    await tab.driver.press('Escape');
    await tab.has('.topic', 'moved');
    await tab.click('.topic-head button.danger');
    await tab.click('dialog button.danger');
    await tab.until(
      'the topic to go',
      `return ![...root.querySelectorAll('.topic')].some(e => e.textContent.includes('moved'))`,
    );
    const before = await tab.look<string>('return ottla.cluster.clusterId');
    await tab.click('.storage button', 'Reset');
    await tab.click('dialog button.danger');
    await tab.until('another cluster', 'return ottla.cluster && ottla.cluster.clusterId !== of', before);
    await tab.has('.topics .empty', 'No topics yet');
  });

  test('a retention that is lowered is still so after a reload', async () => {
    await tab.look(`await ottla.cluster.createTopic({ name: 'short' })`);
    await tab.click('.topic', 'short');
    await tab.click('.settings summary');
    await tab.fill('[id="config-retention.ms"]', 'soon');
    await tab.driver.press('Enter');
    await tab.has('.settings .failure', 'INVALID_CONFIG');
    await tab.fill('[id="config-retention.ms"]', '60000');
    await tab.driver.press('Enter');
    await tab.has('.notice', 'Settings of short saved');
    await tab.driver.reload();
    await tab.click('.topic', 'short');
    await tab.click('.settings summary');
    await tab.until('the setting', `return root.querySelector('[id="config-retention.ms"]')?.value === '60000'`);
  });

  test('movements are records, while the switch is on', async () => {
    await tab.click('.switch');
    await tab.has('.topic', 'pointer');
    for (let step = 0; step < 40; step++) await tab.driver.move(200 + step * 5, 300 + step);
    await tab.has('.record-table td', '"type":"mouse"');
    await tab.click('.pointer button.small', 'Pause');
    expect(await tab.look('return root.querySelector(".switch").getAttribute("aria-checked")')).toBe('false');
    const shapes = await tab.look<string[]>(
      `const { batches } = await ottla.cluster.fetch({ topic: 'pointer', partition: 0, offset: 0n });
       return batches.flatMap(({ records }) => records.map(({ value }) => Object.keys(JSON.parse(new TextDecoder().decode(value))).join()));`,
    );
    expect(new Set(shapes)).toEqual(new Set(['x,y,t,type']));
  });

  test('all that asked the network for nothing but this site, and broke no rule of it', () => {
    const others = tab.requests.filter(url => !url.startsWith(server.origin) && !/^(data|blob):/.test(url));
    expect(others).toEqual([]);
    expect(tab.errors).toEqual([]);
  });
});

/** The newest finished download. */
async function downloaded(folder: string): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const name = readdirSync(folder).find(found => found.endsWith('.tar'));
    if (name && statSync(join(folder, name)).size > 0) return join(folder, name);
    await new Promise(later => setTimeout(later, 50));
  }
  throw new Error(`nothing was saved to ${folder}`);
}
