/** States that a real cluster is only in when something breaks: the page must say what happened and what to do. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { violations } from './drive/axe.js';
import { FAKE_PAGE } from './drive/built.js';
import { startChromium, type Browser } from './drive/chromium.js';
import { serve, type StaticServer } from './drive/server.js';
import type { Tab } from './drive/tab.js';

let server: StaticServer;
let browser: Browser;
let tab: Tab;

beforeAll(async () => {
  server = await serve(FAKE_PAGE);
  browser = await startChromium();
});
afterAll(async () => {
  await browser.close();
  await server.close();
});
beforeEach(async () => {
  tab = await browser.tab();
});
afterEach(async () => {
  expect(tab.errors).toEqual([]);
  await tab.driver.close();
});

async function openPage(query = ''): Promise<void> {
  await tab.open(`${server.origin}/${query}`);
  if (!query) await tab.has('.cluster-state', 'Broker running');
}

describe('a second tab', () => {
  test('is asked what it wants, from the keyboard', async () => {
    await openPage('?refuse=in-use');
    await tab.has('#life-title', 'open in another tab');
    expect(await tab.look('return root.activeElement.textContent')).toContain('Open a copy');
    expect(await violations(tab)).toEqual([]);
    await tab.driver.press('Enter');
    await tab.has('.cluster-state', 'default-copy-1');
  });

  test('that only looks cannot write', async () => {
    await openPage('?refuse=in-use');
    await tab.click('button', 'Read only');
    await tab.has('.banner', 'Nothing can be written');
    expect(await tab.look('return root.querySelector("[name=name], .produce form") === null')).toBe(true);
    expect(await tab.look('return root.querySelector(".switch").disabled')).toBe(true);
  });
});

test('a start that fails says why, and can be tried again', async () => {
  await openPage('?refuse=no-storage');
  await tab.has('.alarm', 'gives the page no storage');
  await tab.click('button', 'Start again');
  await tab.has('.cluster-state', 'Broker running');
});

test('a worker that dies is started again once, and the page says so', async () => {
  await openPage();
  await tab.look(
    `door.started[0].cluster.end({ reason: 'panicked', message: 'assertion failed: the watermark fell' })`,
  );
  await tab.has('.notice', 'the watermark fell');
  await tab.has('.cluster-state', 'Broker running');
  await tab.has('#live-region', 'started again');
  await tab.look(`door.started[1].cluster.end({ reason: 'panicked', message: 'once more' })`);
  await tab.has('.alarm', 'once more');
});

test('a log dir without room says what to do, and takes records again once it is open', async () => {
  await openPage();
  await tab.look(`door.started[0].cluster.change({ state: 'read-only', why: 'no-space' })`);
  await tab.has('.banner.alarm', 'no room is left');
  await tab.has('.banner.alarm', 'lower a topic’s retention');
  expect(await violations(tab)).toEqual([]);
  await tab.click('.banner button');
  await tab.until('the banner to go', `return !root.querySelector('.banner.alarm')`);
});

test('Kafka’s refusal of a name is told in words, beside the field', async () => {
  await openPage();
  await tab.fill('[name=name]', 'no spaces');
  await tab.driver.press('Enter');
  await tab.has('#create-failure', 'INVALID_TOPIC_EXCEPTION');
  await tab.has('#create-failure', '1 to 249 letters');
  expect(await tab.look('return root.querySelector("[name=name]").getAttribute("aria-invalid")')).toBe('true');
});

test('an Enter that ends a composition sends nothing', async () => {
  await openPage();
  await tab.fill('[name=name]', 'zhuti');
  const isPrevented = await tab.look(
    `const event = new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true, cancelable: true, composed: true });
     return !root.querySelector('[name=name]').dispatchEvent(event);`,
  );
  expect(isPrevented).toBe(true);
});

/** Each of these would run, hide or reorder something if it reached the page as anything but text. */
const HOSTILE = [
  '<img src=x onerror="window.hit=1">',
  '<script>window.hit=1</script>',
  '"><svg onload="window.hit=1">',
  'javascript:window.hit=1',
  '${window.hit=1}{{window.hit=1}}',
  'left\u202eright\u2066\u200b',
  '\u0000\u001b[31m\u0085',
];

test('hostile text is shown and does nothing, wherever it comes from', async () => {
  await openPage();
  await tab.look(
    `const cluster = page.cluster;
     await cluster.createTopic({ name: 't', partitions: 1 });
     for (const text of of) await cluster.produce({ topic: 't', partition: 0, records: [{ key: text, value: text, headers: [[text, text]] }] });`,
    HOSTILE,
  );
  await tab.has('.record-table td', 'onerror');
  for (let row = 1; row <= HOSTILE.length; row++) await tab.click(`.record-table tbody tr:nth-child(${row})`);
  await tab.look(`door.started[0].cluster.end({ reason: 'panicked', message: of.join(' ') })`, HOSTILE);
  await tab.has('.notice', 'onerror');
  expect(
    await tab.look('return [window.hit ?? 0, root.querySelectorAll("img, script, [onerror], [onload]").length]'),
  ).toEqual([0, 0]);
  expect(await tab.text('.notice')).not.toMatch(/[\u202e\u2066\u200b\u0000\u001b\u0085]/);
});
