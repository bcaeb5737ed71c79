/** The built page on a server of its own, in a browser of its own, for as long as the tests around it last. */

import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Browser } from './chromium.js';
import { serve } from './server.js';
import type { Tab } from './tab.js';

export interface Site {
  readonly origin: string;
  readonly browser: Browser;
}

/** Calls `use` with a fresh tab before each test, which is closed behind it. */
export function eachTab(
  folder: string,
  start: () => Promise<Browser>,
  use: (tab: Tab, site: Site) => Promise<void>,
): void {
  let close: () => Promise<void>;
  let site: Site;
  let tab: Tab;

  beforeAll(async () => {
    const server = await serve(folder);
    const browser = await start();
    site = { origin: server.origin, browser };
    close = async () => {
      await browser.close();
      await server.close();
    };
  });
  afterAll(() => close());
  beforeEach(async () => {
    tab = await site.browser.tab();
    await use(tab, site);
  });
  afterEach(() => tab.driver.close());
}
