/** The Lab for everybody: both languages, both themes, a phone's width, by keyboard alone. */

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
});
afterAll(async () => {
  await browser.close();
  await server.close();
});

const WORDS = {
  en: { paused: 'Paused at', playing: 'Playing', fault: 'Fault ', done: 'Done at', same: 'same as shown' },
  'zh-Hans': { paused: '已暂停在', playing: '正在播放', fault: '故障 ', done: '执行', same: '与当前显示的相同' },
};
const now = () => tab.look<number>(`return parseFloat(root.querySelector('#now').textContent)`);

for (const language of ['en', 'zh-Hans'] as const)
  test(`a world by keyboard, on a phone: ${language}`, async () => {
    const words = WORDS[language];
    await tab.driver.resize(360, 780);
    await tab.open('about:blank');
    await tab.open(`${server.origin}/#lab`);
    await tab.has('#open-title');
    await tab.choose('#language', language);
    await tab.tabTo('[name=seed]');
    await tab.driver.type('42');
    await tab.driver.press('Enter');
    await tab.has('#slider');

    await tab.tabTo('#transport-play');
    await tab.driver.press('Space');
    await tab.until('time to pass', `return parseFloat(root.querySelector('#now').textContent) > 0.1`);
    await tab.driver.press('Space');
    await tab.has('#live-region', words.paused);
    const paused = await now();
    await tab.driver.press('ArrowRight');
    await tab.until('a step', `return parseFloat(root.querySelector('#now').textContent) > of`, paused);

    await tab.tabTo('#slider');
    await tab.driver.press('PageUp');
    await tab.until('five seconds', `return parseFloat(root.querySelector('#now').textContent) > 5`);
    await tab.driver.press('Home');
    await tab.has('#now', '0.000000 s');
    await tab.driver.press('ArrowRight');
    await tab.has('#now', '0.100000 s');
    await tab.driver.press('Space');
    await tab.has('.lab-state', words.playing);
    await tab.driver.press('Space');
    await tab.has('#transport-play');

    await tab.tabTo('[name=goto]');
    await tab.driver.type('5');
    await tab.driver.press('Enter');
    await tab.has('#now', '5.000000 s');
    await tab.tabTo('#until');
    await tab.driver.press('Tab');
    await tab.driver.press('Enter');
    await tab.has('.happened [aria-selected=true]', words.fault);
    await tab.has('#live-region', words.fault);

    await tab.tabTo('.happened');
    await tab.driver.press('ArrowDown');
    await tab.until('another event', `return root.querySelector('.event-detail h2 code')?.textContent !== 'fault'`);
    await tab.driver.press('ArrowUp');
    await tab.has('.event-detail h2 code', 'fault');
    await tab.tabTo('#break-kill');
    await tab.driver.press('Enter');
    await tab.has('.break .done', words.done);
    await tab.tabTo('#fork', 'back');
    await tab.driver.press('Enter');
    await tab.has('[data-branch="0"]', words.same);
    await tab.tabTo('#back-to-original');
    await tab.driver.press('Enter');
    await tab.until('the original', `return root.querySelector('[data-branch="0"]').hasAttribute('data-shown')`);
    expect(tab.errors).toEqual([]);
  });

describe('as it looks', () => {
  for (const language of ['en', 'zh-Hans'])
    for (const theme of ['light', 'dark'])
      for (const width of [1280, 360])
        test(`axe finds nothing: ${language}, ${theme}, ${width} px`, async () => {
          await tab.driver.resize(width, 900);
          await tab.choose('#language', language);
          await tab.choose('#theme', theme);
          await tab.until('the language', 'return document.documentElement.lang === of', language);
          expect(await violations(tab)).toEqual([]);
          await tab.look(`root.querySelector('#codes').open = true; root.querySelector('#writing').open = true;`);
          expect(await violations(tab)).toEqual([]);
          await tab.look(`root.querySelector('#codes').open = false; root.querySelector('#writing').open = false;`);
          await tab.screenshot(`lab-${language}-${theme}-${width}`);
        });

  for (const language of ['en', 'zh-Hans'])
    test(`nothing is cut off at 320 px: ${language}`, async () => {
      await tab.driver.resize(320, 800);
      await tab.choose('#language', language);
      expect(await cutOff(tab, 'pre, .happened, svg')).toEqual([]);
    });

  test('every target is at least 24 px', async () => {
    expect(await smallTargets(tab)).toEqual([]);
  });

  test('the focus is seen on everything the Tab key reaches', async () => {
    await tab.driver.resize(1280, 900);
    expect(await unseenFocus(tab, 70)).toEqual([]);
  });

  test('whose event it is, and how a broker is, is told in words', async () => {
    await tab.choose('#language', 'en');
    const told = await tab.look(`
      const who = [...root.querySelectorAll('.happened li')].map(e => e.querySelector('.who').textContent.trim());
      return [who.every(words => /^(Broker|Client) [0-9]+$|^World$/.test(words)), root.querySelector('.broker-state').textContent.trim().length > 0];`);
    expect(told).toEqual([true, true]);
  });
});
