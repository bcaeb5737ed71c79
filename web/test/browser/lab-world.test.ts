/** The Lab over the real engine, in both browsers: what a seed gives once it gives again, and what is saved plays again. */

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { BREAKAGES } from '../../src/internal/lab/commands.js';
import { writeLink } from '../../src/internal/link.js';
import { violations } from './drive/axe.js';
import { PAGE } from './drive/built.js';
import { BROWSERS } from './drive/browsers.js';
import type { Browser } from './drive/chromium.js';
import { eachTab, type Site } from './drive/site.js';
import type { Tab } from './drive/tab.js';

const SCENARIO = `ottla 1
seed 1
visitors 1
faults none
create topic orders partitions=1
produce orders k v acks=all
kill 1 for 300ms
produce orders k w acks=all
expect read orders 0: k=v k=w
`;

describe.each(BROWSERS)('in %s', (_, start) => {
  let site: Site;
  let tab: Tab;
  const folder = mkdtempSync(join(tmpdir(), 'ottla-world-'));

  eachTab(PAGE, start, async (opened, on) => {
    [tab, site] = [opened, on];
    await tab.driver.resize(1280, 1000);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  afterEach(() => {
    expect(tab.errors).toEqual([]);
    expect(tab.requests.filter(url => !/^(data|blob):/.test(url) && !url.startsWith(site.origin))).toEqual([]);
  });

  async function openSeed(seed: string): Promise<void> {
    await tab.open(`${site.origin}/#lab`);
    await tab.has('#open-title');
    await tab.choose('#language', 'en');
    await tab.fill('[name=seed]', seed);
    await tab.driver.press('Enter');
    await tab.has('.lab-state', `Seed ${seed}`);
  }

  async function goTo(moment: string, shown: string): Promise<void> {
    await tab.fill('[name=goto]', moment);
    await tab.driver.press('Enter');
    await tab.has('#now', shown);
    await tab.has('.lab-state', 'Paused');
  }

  const end = () =>
    tab.look<string[]>(`return ['#now', '#step', '#digest'].map(id => root.querySelector(id).textContent.trim())`);

  test('a moment is the same whichever way one comes there', async () => {
    await openSeed('42');
    expect((await end())[0]).toBe('0.000000 s');
    await goTo('6', '6.000000 s');
    const there = await end();
    await tab.has('.happened li', 'Broker 1');
    await tab.has('.brokers tbody th');
    await goTo('2.5', '2.500000 s');
    await tab.click('#transport-step');
    await tab.click('#transport-back');
    await goTo('6', '6.000000 s');
    expect(await end()).toEqual(there);

    await openSeed('43');
    await goTo('6', '6.000000 s');
    expect((await end())[2]).not.toBe(there[2]);
  });

  test('it plays, and runs to the next fault', async () => {
    await openSeed('7');
    await tab.choose('#speed', '10');
    await tab.click('#transport-play');
    await tab.until('time to pass', `return parseFloat(root.querySelector('#now').textContent) > 1`);
    await tab.click('#transport-pause');
    await tab.has('.lab-state', 'Paused');
    await tab.click('.until button', 'Run');
    await tab.has('.happened li[aria-selected=true]', 'Fault');
    await tab.has('.event-detail', 'command');
    expect(await violations(tab)).toEqual([]);
  });

  test('what is broken by hand plays again from the file and from the link, to the same end', async () => {
    await openSeed('42');
    await goTo('3', '3.000000 s');
    await tab.click('#break-kill');
    await tab.has('.break .done', 'kill 1 for 2s');
    await tab.has('.broker-state', 'down');
    await goTo('4', '4.000000 s');
    await tab.has('.broker-state', 'down');
    await goTo('9', '9.000000 s');
    const there = await end();
    await tab.click('#save');
    const file = await saved(site.browser, 'ottla-seed-42.txt');
    const journal = readFileSync(file, 'utf8');
    expect(journal).toContain('kill 1 for 2s');

    const link = await writeLink(journal);
    for (const way of [() => tab.driver.upload('#lab-file', file), () => tab.look('location.hash = of', link)]) {
      await openSeed('1');
      await way();
      await tab.has('.lab-state', 'Seed 42');
      await tab.click('#transport-end');
      await tab.has('#now', '9.000000 s');
      expect(await end()).toEqual(there);
      expect(await tab.look(`return root.querySelectorAll('[data-note]').length`)).toBe(0);
    }
  });

  test('every button breaks something that the engine knows', async () => {
    await openSeed('42');
    await goTo('1', '1.000000 s');
    await tab.choose('.targets [name=visitor]', '2');
    const lines = await tab.look<[string, string][]>(
      `return [...root.querySelectorAll('.breakages li')].map(e => [e.querySelector('button').id, e.querySelector('code').textContent]);`,
    );
    expect(lines).toHaveLength(BREAKAGES.length);
    for (const [id, line] of lines) {
      await tab.click(`#${id}`);
      await tab.has('.break .done', line);
    }
    await tab.has('.happened li', 'cut visitor-2<>broker-1 for 2s');
  });

  test('a fork that nothing is done to does the same', async () => {
    await openSeed('42');
    await goTo('3', '3.000000 s');
    await tab.click('#fork');
    await tab.has('[data-branch="0"]', 'same as shown');
    await goTo('7', '7.000000 s');
    await tab.click('#align');
    await tab.has('[data-branch="0"]', 'same as shown');
    await goTo('5', '5.000000 s');
    await tab.click('#break-power-off');
    await tab.has('.break .done', 'power off 1');
    await goTo('7', '7.000000 s');
    await tab.has('[data-branch="0"]', '≠ differs');
  });

  test('a scenario is played, and a wrong line is named', async () => {
    await tab.open(`${site.origin}/${await writeLink(SCENARIO)}`);
    await tab.has('.lab-state', 'Seed 1');
    await tab.choose('#language', 'en');
    await tab.click('#transport-end');
    await tab.has('.lab-state', 'Over');
    await tab.has('.happened li');

    const file = join(folder, 'wrong.txt');
    writeFileSync(file, SCENARIO.replace('k=w', 'k=x'));
    await tab.driver.upload('#lab-file', file);
    await tab.until(
      'the world that was dropped in',
      `return root.querySelector('.script')?.textContent.includes('k=x')`,
    );
    await tab.click('#transport-end');
    await tab.has('.violation', 'The script expected otherwise');

    writeFileSync(file, SCENARIO.replace('kill', 'smash'));
    await tab.driver.upload('#lab-file', file);
    await tab.has('#open-failure', 'Line 7:');
    await tab.has('#open-failure', 'smash');
    await tab.fill('[name=line]', 'smash 1');
    expect(await tab.look(`return root.querySelector('#link') !== null`)).toBe(true);
  });
});

async function saved(browser: Browser, name: string): Promise<string> {
  const patience = Date.now() + 20_000;
  const path = join(browser.downloads, name);
  // Firefox makes the file first and fills it then.
  while (!existsSync(path) || statSync(path).size === 0) {
    if (Date.now() > patience) throw new Error(`${name} was not saved`);
    await new Promise(later => setTimeout(later, 20));
  }
  return path;
}
