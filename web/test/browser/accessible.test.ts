/** The page for everybody: both languages, both themes, a phone's width, without a mouse, told aloud. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { violations } from './drive/axe.js';
import { FAKE_PAGE } from './drive/built.js';
import { startChromium, type Browser } from './drive/chromium.js';
import { cutOff, smallTargets, unseenFocus } from './drive/legible.js';
import { serve, type StaticServer } from './drive/server.js';
import type { Tab } from './drive/tab.js';

let server: StaticServer;
let browser: Browser;
let tab: Tab;

beforeAll(async () => {
  server = await serve(FAKE_PAGE);
  browser = await startChromium();
  tab = await browser.tab();
  await tab.driver.resize(1280, 900);
  await tab.open(`${server.origin}/`);
  await tab.has('.cluster-state', 'Broker running');
  await tab.look(
    `await page.cluster.createTopic({ name: 'orders', partitions: 3 });
     for (let at = 0; at < 9; at++) await page.cluster.produce({ topic: 'orders', partition: at % 3, records: [
       { key: 'order-' + at, value: at === 4 ? null : JSON.stringify({ item: '纸', at }), headers: [['trace', 'a1']] }] });`,
  );
  await tab.has('.record-table td', 'order-8');
  await tab.click('.record-table tbody tr:nth-child(2)');
  await tab.has('.fields li', 'baseOffset');
  await tab.click('.settings summary');
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

for (const language of ['en', 'zh-Hans'])
  for (const theme of ['light', 'dark'])
    for (const width of [1280, 360])
      test(`axe finds nothing: ${language}, ${theme}, ${width} px`, async () => {
        await tab.driver.resize(width, 900);
        await tab.choose('#language', language);
        await tab.choose('#theme', theme);
        await tab.until('the language', 'return document.documentElement.lang === of', language);
        for (const view of ['table', 'words', 'events']) {
          await tab.click(`[name="requests-view"][value="${view}"]`);
          expect(await violations(tab)).toEqual([]);
        }
        await tab.screenshot(`${language}-${theme}-${width}`);
      });

describe('at 320 px', () => {
  for (const language of ['en', 'zh-Hans'])
    test(`nothing is cut off: ${language}`, async () => {
      await tab.driver.resize(320, 800);
      await tab.choose('#language', language);
      expect(await cutOff(tab, 'pre, .fields')).toEqual([]);
    });

  test('every target is at least 24 px', async () => {
    expect(await smallTargets(tab)).toEqual([]);
  });
});

test('the focus is seen on everything the Tab key reaches', async () => {
  await tab.driver.resize(1280, 900);
  expect(await unseenFocus(tab, 60)).toEqual([]);
});

test('text keeps its meaning where colours are the reader’s own', async () => {
  const told = await tab.look(`
    return [root.querySelector('.record-table [aria-selected=true]') !== null,
      root.querySelector('.topic[aria-current]') !== null,
      root.querySelector('.stage[data-busy] .now').textContent.trim().startsWith('0')];`);
  expect(told).toEqual([true, true, false]);
});
