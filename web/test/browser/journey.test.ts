/** A first visit to the built page, in both browsers and both languages, on a phone's width, without a mouse. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PAGE } from './drive/built.js';
import { BROWSERS } from './drive/browsers.js';
import type { Browser } from './drive/chromium.js';
import { serve, type StaticServer } from './drive/server.js';
import type { Tab } from './drive/tab.js';

const WORDS = {
  en: { running: 'Broker running', stored: 'Stored in partition 0 at offset 0', following: '1 record, following' },
  'zh-Hans': { running: 'Broker 运行中', stored: '已存入分区 0，位移 0', following: '1 条记录，实时跟随' },
};

describe.each(BROWSERS)('in %s', (_, start) => {
  let server: StaticServer;
  let browser: Browser;

  beforeAll(async () => {
    server = await serve(PAGE);
    browser = await start();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  for (const language of ['en', 'zh-Hans'] as const)
    test(`a topic, a record, its bytes, by keyboard: ${language}`, async () => {
      const tab = await browser.tab();
      const words = WORDS[language];
      const topic = `orders-${language}`;
      await tab.driver.resize(360, 780);
      await tab.open(`${server.origin}/`);
      await tab.has('.cluster-state .dot');
      await tab.until('a broker', `return root.querySelector('.topics') !== null`);
      await chooseLanguage(tab, language);
      await tab.has('.cluster-state', words.running);

      await tab.tabTo('[name=name]');
      await tab.driver.type(topic);
      await tab.driver.press('Enter');
      await tab.has('#topic-title', topic);

      await produceByKeyboard(tab, words);
      await inspectByKeyboard(tab);
      await tab.screenshot(`journey-${language}`);

      await tab.driver.reload();
      await tab.has('.topic', topic);
      await tab.until(
        'the record after the reload',
        `
        [...root.querySelectorAll('.topic')].find(e => e.textContent.includes(of)).click();
        return [...root.querySelectorAll('.record-table td')].some(e => e.textContent.includes('键 key'));`,
        topic,
      );
      expect(await tab.look('return document.documentElement.lang')).toBe(language);

      expect(tab.requests.filter(url => !url.startsWith(server.origin) && !url.startsWith('data:'))).toEqual([]);
      expect(tab.errors).toEqual([]);
      await tab.driver.close();
    });
});

async function chooseLanguage(tab: Tab, language: string): Promise<void> {
  await tab.tabTo('#language');
  const now = () => tab.look<string>('return root.querySelector("#language").value');
  for (let step = 0; step < 4 && (await now()) !== language; step++)
    await tab.driver.press(language === 'en' ? 'ArrowUp' : 'ArrowDown');
  await tab.until('the language', 'return document.documentElement.lang === of', language);
}

async function produceByKeyboard(tab: Tab, words: { stored: string; following: string }): Promise<void> {
  await tab.tabTo('#produce-key');
  await tab.driver.type('键 key');
  await tab.tabTo('#produce-value');
  await tab.driver.type('{"price":12.5}');
  await tab.tabTo('.headers button');
  await tab.driver.press('Enter');
  await tab.until('the header’s name to have the focus', `return root.activeElement?.matches('[name=header-name]')`);
  await tab.driver.type('trace');
  await tab.driver.press('Tab');
  await tab.driver.type('a1b2');
  await tab.driver.press('Enter');
  await tab.has('.produce .done', words.stored);
  await tab.has('.record-table td', '{"price":12.5}');
  await tab.has('.record-table td', 'trace=a1b2');
  await tab.has('.records .quiet-words', words.following);
}

async function inspectByKeyboard(tab: Tab): Promise<void> {
  await tab.tabTo('.record-table tbody tr', 'back');
  await tab.driver.press('Enter');
  await tab.has('.fields li', 'baseOffset');
  await tab.has('.fields li', '✓');
  await tab.tabTo('.fields');
  await tab.driver.press('Home');
  await tab.until(
    'the base offset’s bytes to be marked',
    `
    const marked = [...root.querySelectorAll('.run[data-marked]')].map(e => e.textContent).join(' ');
    return marked === '00 00 00 00 00 00 00 00';`,
  );
}
