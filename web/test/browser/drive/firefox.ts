import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, type ElementHandle, type KeyInput, type Page } from 'puppeteer-core';
import type { Browser } from './chromium.js';
import { Tab, type Driver } from './tab.js';

/** Firefox over BiDi: Playwright cannot drive a stock one. */
export async function startFirefox(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'ottla-firefox-'));
  const downloads = mkdtempSync(join(tmpdir(), 'ottla-downloads-'));
  const browser = await launch({
    browser: 'firefox',
    executablePath: process.env['OTTLA_FIREFOX'] ?? '/usr/bin/firefox-esr',
    headless: true,
    userDataDir: profile,
    extraPrefsFirefox: {
      'intl.accept_languages': 'en-US',
      'browser.download.folderList': 2,
      'browser.download.dir': downloads,
      'browser.download.always_ask_before_handling_new_types': false,
    },
  });
  return {
    name: 'firefox',
    downloads,
    tab: async () => {
      const page = await browser.newPage();
      const tab = new Tab(driver(page), 'firefox');
      page.on('request', request => void tab.requests.push(request.url()));
      page.on('console', message => void (message.type() === 'error' && tab.errors.push(message.text())));
      page.on('pageerror', error => void tab.errors.push(String(error)));
      return tab;
    },
    close: async () => {
      await browser.close();
      for (const folder of [profile, downloads]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function driver(page: Page): Driver {
  return {
    goto: url => page.goto(url),
    reload: () => page.reload(),
    evaluate: <T>(code: string) => page.evaluate(code) as Promise<T>,
    press: keys => press(page, keys.split('+') as KeyInput[]),
    type: text => page.keyboard.type(text),
    click: (x, y) => page.mouse.click(x, y),
    move: (x, y) => page.mouse.move(x, y),
    resize: (width, height) => page.setViewport({ width, height }),
    screenshot: async (path, fullPage) => void (await page.screenshot({ path: path as `${string}.png`, fullPage })),
    upload: async (selector, path) => {
      const input = await page.$(`>>> ${selector}`);
      await (input as ElementHandle<HTMLInputElement>).uploadFile(path);
    },
    close: () => page.close(),
  };
}

/** Holds all but the last key down. */
async function press(page: Page, keys: KeyInput[]): Promise<void> {
  const held = keys.slice(0, -1);
  for (const key of held) await page.keyboard.down(key);
  await page.keyboard.press(keys.at(-1)!);
  for (const key of held.reverse()) await page.keyboard.up(key);
}
