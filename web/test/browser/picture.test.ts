/** Makes the pictures that the README shows: the built page with an hour of somebody's orders in it, and its Lab. */

import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { PAGE } from './drive/built.js';
import { startChromium } from './drive/chromium.js';
import { serve } from './drive/server.js';

const PICTURE = fileURLToPath(new URL('../../docs/page.png', import.meta.url));
const LAB_PICTURE = fileURLToPath(new URL('../../docs/lab.png', import.meta.url));

const ORDERS = `
  const { cluster } = ottla;
  await cluster.createTopic({ name: 'orders', partitions: 3 });
  await cluster.createTopic({ name: 'payments', partitions: 1 });
  const items = ['tea', 'ink', 'paper', '墨', '纸'];
  for (let at = 0; at < 24; at++) {
    const order = { id: 1000 + at, item: items[at % 5], count: 1 + (at % 3), price: 4.5 + at };
    const value = at === 17 ? null : JSON.stringify(order);
    await cluster.produce({ topic: 'orders', partition: at % 3, records: [{ key: 'order-' + order.id, value, headers: at % 4 ? [] : [['trace', 'c0ffee' + at]] }] });
    if (at % 2) await cluster.produce({ topic: 'payments', partition: 0, records: [{ key: 'order-' + order.id, value: '{"paid":true}' }] });
  }`;

test('the picture', async () => {
  const server = await serve(PAGE);
  const browser = await startChromium();
  const tab = await browser.tab();
  await tab.driver.resize(1280, 1400);
  await tab.open(`${server.origin}/`);
  await tab.has('.cluster-state', 'Broker running');
  await tab.look(ORDERS);
  await tab.click('.topic', 'orders');
  await tab.has('.record-table td', 'order-1023');
  await tab.click('.record-table tbody tr:nth-child(3)');
  await tab.has('.fields li', 'baseOffset');
  await tab.look(`root.querySelector('.notices button')?.click(); window.scrollTo(0, 0);`);
  await tab.until(
    'the records in the list of topics',
    `return root.querySelector('.topic').textContent.includes('24')`,
  );
  await tab.driver.screenshot(PICTURE, false);
  expect(statSync(PICTURE).size).toBeLessThan(300_000);
  expect(tab.errors).toEqual([]);
  await browser.close();
  await server.close();
});

test('the picture of the Lab', async () => {
  const server = await serve(PAGE);
  const browser = await startChromium();
  const tab = await browser.tab();
  await tab.driver.resize(1280, 1180);
  await tab.open(`${server.origin}/#lab`);
  await tab.fill('[name=seed]', '42');
  await tab.driver.press('Enter');
  await tab.has('.lab-state', 'Seed 42');
  await tab.fill('[name=goto]', '20');
  await tab.driver.press('Enter');
  await tab.has('#now', '20.000000 s');
  await tab.click('.until button', 'Run');
  await tab.has('.happened li[aria-selected=true]', 'Fault');
  await tab.look(`root.activeElement?.blur(); window.scrollTo(0, 0);`);
  await tab.driver.screenshot(LAB_PICTURE, false);
  expect(statSync(LAB_PICTURE).size).toBeLessThan(300_000);
  expect(tab.errors).toEqual([]);
  await browser.close();
  await server.close();
});
