import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { Tab, type Driver } from './tab.js';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Browser {
  readonly name: string;
  /** Where what the page saves ends up. */
  readonly downloads: string;
  tab(): Promise<Tab>;
  close(): Promise<void>;
}

/** A Chromium with a profile of its own on disk: its default contexts keep IndexedDB in memory. */
export async function startChromium(scheme: 'light' | 'dark' = 'light'): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'ottla-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['OTTLA_CHROMIUM'] ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
    colorScheme: scheme,
    locale: 'en-US',
    acceptDownloads: true,
  });
  const downloads = mkdtempSync(join(tmpdir(), 'ottla-downloads-'));
  return {
    name: 'chromium',
    downloads,
    tab: async () => openTab(context, downloads),
    close: async () => {
      await context.close();
      for (const folder of [profile, downloads]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function openTab(context: BrowserContext, downloads: string): Promise<Tab> {
  const page = await context.newPage();
  const tab = new Tab(driver(page), 'chromium');
  page.on('request', request => tab.requests.push(request.url()));
  page.on('console', message => message.type() === 'error' && tab.errors.push(message.text()));
  page.on('pageerror', error => tab.errors.push(String(error)));
  page.on('download', download => void download.saveAs(join(downloads, download.suggestedFilename())));
  return tab;
}

function driver(page: Page): Driver {
  return {
    goto: url => page.goto(url),
    reload: () => page.reload(),
    evaluate: <T>(code: string) => page.evaluate<T>(code),
    press: key => page.keyboard.press(key),
    type: text => page.keyboard.type(text),
    click: (x, y) => page.mouse.click(x, y),
    move: (x, y) => page.mouse.move(x, y),
    resize: (width, height) => page.setViewportSize({ width, height }),
    screenshot: async (path, fullPage) => void (await page.screenshot({ path, fullPage })),
    upload: (selector, path) => page.locator(selector).setInputFiles(path),
    close: () => page.close(),
  };
}
