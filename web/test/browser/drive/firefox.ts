import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, type KeyInput, type Page } from 'puppeteer-core';
import type { Browser } from './chromium.js';
import { Tab, type Driver } from './tab.js';

/** Firefox over BiDi: Playwright cannot drive a stock one. */
export async function startFirefox(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'ottla-firefox-'));
  const browser = await launch({
    browser: 'firefox',
    executablePath: process.env['OTTLA_FIREFOX'] ?? '/usr/bin/firefox-esr',
    headless: true,
    userDataDir: profile,
    extraPrefsFirefox: { 'intl.accept_languages': 'en-US' },
  });
  return {
    name: 'firefox',
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
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function driver(page: Page): Driver {
  return {
    goto: url => page.goto(url),
    reload: () => page.reload(),
    evaluate: <T>(code: string) => page.evaluate(code) as Promise<T>,
    press: key => page.keyboard.press(key as KeyInput),
    type: text => page.keyboard.type(text),
    click: (x, y) => page.mouse.click(x, y),
    move: (x, y) => page.mouse.move(x, y),
    resize: (width, height) => page.setViewport({ width, height }),
    screenshot: async (path, fullPage) => void (await page.screenshot({ path: path as `${string}.png`, fullPage })),
    close: () => page.close(),
  };
}
