/** The Lab over worlds that a test tells what to do: every control, both languages, without a mouse, told aloud. */

import { readFileSync } from 'node:fs';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { writeLink } from '../../src/internal/link.js';
import { violations } from './drive/axe.js';
import { FAKE_PAGE } from './drive/built.js';
import { startChromium } from './drive/chromium.js';
import { eachTab, type Site } from './drive/site.js';
import type { Tab } from './drive/tab.js';

let site: Site;
let tab: Tab;
const folder = mkdtempSync(join(tmpdir(), 'ottla-lab-'));

eachTab(FAKE_PAGE, startChromium, async (opened, on) => {
  [tab, site] = [opened, on];
  await tab.driver.resize(1280, 900);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => expect(tab.errors).toEqual([]));

async function openLab(hash = '#lab'): Promise<void> {
  await tab.open(`${site.origin}/${hash}`);
  await tab.has('#open-title');
}

async function openSeed(seed: string): Promise<void> {
  await openLab();
  await tab.fill('[name=seed]', seed);
  await tab.driver.press('Enter');
  await tab.has('#slider');
}

const now = () => tab.look<string>(`return root.querySelector('#now').textContent.trim()`);
const at = (moment: string) => tab.has('#now', moment);
const spoken = (words: string) => tab.has('#live-region', words);

describe('the two homes', () => {
  test('a link to a world starts no live cluster; going to the live home does, and the way back keeps the world', async () => {
    await openLab(await writeLink('ottla 1\nseed 42\n'));
    await tab.has('.lab-state', 'Seed 42');
    expect(await tab.look('return door.started.length')).toBe(0);
    await tab.click('#transport-play');
    await tab.has('.lab-state', 'Playing');
    await tab.click('.homes a', 'Live');
    await tab.has('.cluster-state', 'Broker running');
    await tab.click('.homes a', 'Lab');
    await tab.has('.lab-state', 'Seed 42');
    await tab.has('.lab-state', 'Paused');
    expect(await tab.look('return [door.started.length, labDoor.opened.length]')).toEqual([1, 1]);
    expect(await tab.look(`return root.querySelector('.homes [aria-current=page]').textContent`)).toBe('Lab');
  });

  test('the live home does not load the Lab', async () => {
    await tab.open(`${site.origin}/`);
    await tab.has('.cluster-state', 'Broker running');
    expect(tab.requests.filter(url => /\/home-/.test(url))).toEqual([]);
  });
});

describe('opening', () => {
  test('a seed stands still at its start, and its address leads back to it', async () => {
    await openSeed('42');
    await spoken('Seed 42 is open, paused at the start');
    expect(await now()).toBe('0.000000 s');
    await tab.has('.about', 'ottla 1');
    const { hash, calls } = await tab.look<{ hash: string; calls: string[] }>(
      `return { hash: location.hash, calls: labDoor.opened[0].calls };`,
    );
    expect(calls).toEqual([]);
    expect(hash).toMatch(/^#s=1\.[\w-]+$/);
    await tab.driver.reload();
    await tab.has('.lab-state', 'Seed 42');
  });

  const BAD: [string, () => Promise<string>, string][] = [
    ['a damaged link', async () => '#s=1.AAAA', 'damaged or was cut short'],
    ['a link of a later version', async () => '#s=7.AAAA', 'later version'],
    [
      'a link that trails bytes',
      async () => `${await writeLink('ottla 1\n'.repeat(9))}AAAAAAAA`,
      'damaged or was cut short',
    ],
    [
      'a link to very much',
      async () => `#s=1.${deflateRawSync(Buffer.alloc(1 << 20)).toString('base64url')}`,
      'larger than 64 KiB',
    ],
    ['a text of another version', () => writeLink('ottla 9\nseed 1\n'), 'Line 1: version 9 is not known here'],
    ['an unknown verb', () => writeLink('ottla 1\nseed 1\n\nexplode 1\n'), 'Line 4: nobody knows how to `explode`'],
  ];
  for (const [name, hash, words] of BAD)
    test(`${name} is refused in one line`, async () => {
      await openLab(await hash());
      await tab.has('#open-failure', words);
      expect(await tab.look(`return root.querySelectorAll('.failure').length`)).toBe(1);
      expect(await tab.look(`return root.querySelector('#slider') === null`)).toBe(true);
      await tab.fill('[name=seed]', '5');
      await tab.driver.press('Enter');
      await tab.has('.lab-state', 'Seed 5');
      expect(await tab.look(`return root.querySelector('#open-failure') === null`)).toBe(true);
    });

  test('a file, chosen or dropped', async () => {
    await openLab();
    const file = join(folder, 'world.txt');
    writeFileSync(file, 'ottla 1\nbuild 0.0.9\nseed 77\nend at 3s steps 1 digest elsewhere\n');
    await tab.driver.upload('#lab-file', file);
    await tab.has('.lab-state', 'Seed 77');
    await tab.has('[data-note=other-build]', 'written by build 0.0.9; this engine is build 0.1.0');
    await tab.click('#transport-end');
    await tab.has('[data-note=other-end]', 'otherwise than the journal says');
    await at('3.000000 s');

    await tab.look(
      `const files = new DataTransfer();
       files.items.add(new File([of], 'dropped.txt'));
       for (const name of ['dragover', 'drop'])
         root.querySelector('.open').dispatchEvent(new DragEvent(name, { dataTransfer: files, bubbles: true, cancelable: true, composed: true }));`,
      'ottla 1\nseed 78\n',
    );
    await tab.has('.lab-state', 'Seed 78');
  });

  test('a text that is typed, and what is open, changed', async () => {
    await openLab();
    await tab.click('#writing summary');
    await tab.fill('[name=text]', 'ottla 1\nseed 5\nkill 1 for 1s');
    await tab.click('#writing button');
    await tab.has('.lab-state', 'Seed 5');
    await tab.click('.about button', 'Change it');
    await tab.until('the text', `return root.activeElement?.value?.startsWith('ottla 1\\nseed 5\\nkill 1')`);
    await tab.driver.press('Control+End');
    await tab.driver.type('\nsmash 1');
    await tab.click('#writing button');
    await tab.has('#open-failure', 'Line 4: nobody knows how to `smash`');
  });
});

describe('time', () => {
  test('plays at every speed, pauses, and says so', async () => {
    await openSeed('42');
    for (const speed of ['0.1', '1', '10', '100']) {
      await tab.choose('#speed', speed);
      const before = Number.parseFloat(await now());
      await tab.click('#transport-play');
      await tab.until('time to pass', `return parseFloat(root.querySelector('#now').textContent) > of`, before);
      await tab.has('.lab-state', 'Playing');
      await tab.click('#transport-pause');
      await tab.has('.lab-state', 'Paused');
    }
    await spoken('Paused at');
    for (const state of ['Playing', 'Paused']) {
      await tab.look(`root.activeElement?.blur()`);
      await tab.driver.press('Space');
      await tab.has('.lab-state', state);
    }
    await tab.choose('#speed', 'fastest');
    await tab.click('#transport-play');
    await tab.has('.lab-state', 'Over');
    await tab.has('.clock', 'every check has passed');
    expect(await tab.look(`return root.querySelector('#transport-play').disabled`)).toBe(true);
    await tab.click('#transport-start');
    await at('0.000000 s');
  });

  test('goes to what is asked for, and says where it stands', async () => {
    await openSeed('42');
    await tab.click('.until button', 'Run');
    await tab.has('.happened li[aria-selected=true]', 'Fault');
    await tab.has('.event-detail', 'command');
    await spoken('Fault');
    await tab.choose('#until', 'HighWatermarkMoved');
    await tab.click('.until form:last-of-type button');
    await tab.has('.happened li[aria-selected=true]', 'High watermark');
    await tab.fill('[name=goto]', '1m 2.5s');
    await tab.driver.press('Enter');
    await at('62.500000 s');
    await tab.fill('[name=goto]', 'noon');
    await tab.driver.press('Enter');
    await tab.has('#goto-wrong', 'This is no moment');
    expect(await now()).toBe('62.500000 s');
  });

  test('a long way shows how far it is, and can be called off', async () => {
    await openSeed('42');
    await tab.look(
      `const lab = labDoor.opened[0];
       const { seek } = lab;
       lab.seek = async at => { await seek.call(lab, at / 4); return new Promise(() => {}); };`,
    );
    await tab.fill('[name=goto]', '40');
    await tab.driver.press('Enter');
    await tab.has('.going', 'On the way to 40.000 s');
    await tab.until(
      'a quarter of the way',
      `const bar = root.querySelector('.going progress'); return bar.value / bar.max > 0.24 && bar.value / bar.max < 0.26`,
    );
    await tab.has('.happened li', 'Broker 1');
    await tab.click('#stop-here');
    await tab.until('the bar to go', `return root.querySelector('.going') === null`);
    await at('10.000000 s');
    await spoken('Paused at 10.000 s');
  });
});

test('a broken invariant is told in full, and leads to what it means', async () => {
  await openSeed('13');
  await tab.click('#transport-end');
  await tab.has('.violation', 'Invariant S1 is broken');
  await tab.has('.violation', 'Recovery after any crash');
  await tab.has('.violation', 'promised up to 42');
  await spoken('Invariant S1 is broken at');
  expect(await violations(tab)).toEqual([]);
  await tab.screenshot('lab-violation');
  await tab.click('.violation button');
  await tab.until('its row', `return root.activeElement?.dataset.code === 'S1'`);
  await tab.choose('#language', 'zh-Hans');
  await tab.has('.violation', '不变量 S1 被破坏');
  await tab.has('.violation', '恢复后得到的都是已追加批次的一个前缀');
  await tab.choose('#language', 'en');
});

test('an engine that stops says so, and opens again', async () => {
  await openSeed('42');
  await tab.look(
    `labDoor.opened[0].stepUntil = () => Promise.reject({ code: 'closed', detail: 'the engine has ended' });`,
  );
  await tab.click('#transport-play');
  await tab.has('.banner.alarm', 'The engine stopped');
  await tab.has('.banner.alarm', 'the engine has ended');
  await tab.click('.banner.alarm button');
  await tab.until(
    'a second world',
    `return labDoor.opened.length === 2 && root.querySelector('.banner.alarm') === null`,
  );
});

test('what is broken is written down, goes into the file and the link, and comes back from both', async () => {
  await openSeed('42');
  await tab.fill('[name=goto]', '5');
  await tab.driver.press('Enter');
  await at('5.000000 s');
  await tab.fill('[name=duration]', '300 ms');
  await tab.has('#line-kill', 'kill 1 for 300ms');
  await tab.click('#break-kill');
  await tab.has('.break .done', 'kill 1 for 300ms');
  await tab.has('.happened li', 'Fault K1: kill 1 for 300ms');
  await tab.has('.broker-state', 'down');
  await tab.fill('[name=line]', 'smash 1');
  await tab.driver.press('Enter');
  await tab.has('#line-failure', 'nobody knows how to `smash`');
  await tab.fill('[name=line]', 'produce orders k v acks=all；heal');
  await tab.driver.press('Enter');
  await tab.has('.break .done', 'produce orders k v acks=all;heal');

  await tab.click('#save');
  await spoken('Journal saved');
  const file = await downloaded('ottla-seed-42.txt');
  expect(readFileSync(file, 'utf8')).toContain('at 5s kill 1 for 300ms\n');

  await tab.click('#link');
  await spoken('Link copied');
  await tab.fill('[name=line]', '');
  await tab.driver.press('Control+v');
  const link = await tab.look<string>(`return root.querySelector('[name=line]').value`);
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#s=1\.[\w-]+$/);

  for (const way of [
    () => tab.driver.upload('#lab-file', file),
    () => tab.look('location.hash = of', new URL(link).hash),
  ]) {
    await openSeed('1');
    await way();
    await tab.has('.lab-state', 'Seed 42');
    await tab.click('#transport-end');
    await tab.has('.happened li', 'kill 1 for 300ms');
  }
});

test('a link that is long is warned of', async () => {
  await openSeed('42');
  const lines = Array.from({ length: 900 }, (_, line) => `at ${line}s produce orders ${Math.sin(line)} v`).join('\n');
  await tab.look(`labDoor.opened[0].journal = async () => of`, `ottla 1\nseed 42\n${lines}\n`);
  await tab.click('#link');
  await tab.has('.notice', 'may cut it');
  await tab.look(`labDoor.opened[0].journal = async () => 'x'.repeat(70_000)`);
  await tab.click('#link');
  await tab.has('.notice', 'larger than 64 KiB');
});

test('a fork goes its own way beside the original, and the two are compared', async () => {
  await openSeed('42');
  await tab.fill('[name=goto]', '5');
  await tab.driver.press('Enter');
  await at('5.000000 s');
  await tab.click('#fork');
  await tab.has('.branches', 'Fork 1');
  await tab.has('[data-branch="0"]', 'same as shown');
  await tab.click('#break-kill');
  await tab.has('.break .done', 'kill 1');
  await tab.fill('[name=goto]', '9');
  await tab.driver.press('Enter');
  await at('9.000000 s');
  await tab.has('[data-branch="0"]', 'at another moment');
  await tab.click('#align');
  await tab.has('[data-branch="0"]', '≠ differs');
  await tab.screenshot('lab-fork');
  await tab.click('#back-to-original');
  await tab.until('the original', `return root.querySelector('[data-branch="0"]').hasAttribute('data-shown')`);
  expect(await tab.look(`return root.querySelector('.broker-state').textContent`)).toContain('serving');
  await tab.click('[data-branch="1"] button', 'Close');
  await tab.until('one course', `return root.querySelector('.branches') === null`);
});

const HOSTILE = ['<img/src=x/onerror=window.hit=1>', 'left\u202eright\u2066\u200b', '${window.hit=1}'];

test('hostile text is shown and does nothing, wherever it comes from', async () => {
  for (const text of HOSTILE) {
    await openLab(await writeLink(`ottla 1\nseed 5\ntopics ${text}\nat 1s produce ${text} k v\n`));
    await tab.has('.script', text.slice(0, 4));
    await tab.click('#transport-end');
    await tab.has('.happened li', text.slice(0, 4));
    await tab.click('.happened li');
    await openLab(await writeLink(`ottla 1\n${text} 1\n`));
    await tab.has('#open-failure', 'Line 2');
    expect(await tab.text('main')).not.toMatch(/[\u202e\u2066\u200b]/);
    expect(await tab.look('return [window.hit ?? 0, root.querySelectorAll("img, script, [onerror]").length]')).toEqual([
      0, 0,
    ]);
  }
});

async function downloaded(name: string): Promise<string> {
  const end = Date.now() + 10_000;
  while (!readdirSync(site.browser.downloads).includes(name)) {
    if (Date.now() > end) throw new Error(`${name} was not saved`);
    await new Promise(later => setTimeout(later, 20));
  }
  return join(site.browser.downloads, name);
}
