/**
 * One tab of either browser, driven the same way: Chromium by Playwright, Firefox by Puppeteer over BiDi.
 *
 * Everything a visitor does goes through the real keyboard and mouse; the page is only looked at from inside. All of
 * its parts lie in one shadow root, where selectors begin.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const SCREENSHOTS = fileURLToPath(new URL('../screenshots/', import.meta.url));
const PATIENCE = 20_000;

/** What both drivers have. */
export interface Driver {
  goto(url: string): Promise<unknown>;
  reload(): Promise<unknown>;
  evaluate<T>(code: string): Promise<T>;
  press(key: string): Promise<void>;
  type(text: string): Promise<void>;
  click(x: number, y: number): Promise<void>;
  move(x: number, y: number): Promise<void>;
  resize(width: number, height: number): Promise<void>;
  screenshot(path: string, isWholePage: boolean): Promise<void>;
  /** Hands a file to a file input. */
  upload(selector: string, path: string): Promise<void>;
  close(): Promise<void>;
}

export class Tab {
  /** Whatever the page asked the network for. */
  readonly requests: string[] = [];
  /** Errors of the console and uncaught ones: a security policy that is broken shows up here. */
  readonly errors: string[] = [];

  constructor(
    readonly driver: Driver,
    readonly browser: string,
  ) {}

  async open(url: string): Promise<void> {
    await this.driver.goto(url);
  }

  /** Runs `body` in the page with `root` (the shadow root) and `of` at hand, and gives back what it returns. */
  look<T>(body: string, of: unknown = null): Promise<T> {
    const code = `(async () => {
      const root = document.querySelector('ottla-playground')?.shadowRoot;
      const of = ${JSON.stringify(of)};
      ${body}
    })()`;
    return this.driver.evaluate<T>(code);
  }

  /** Waits until `body` returns something truthy, and gives it back. */
  async until<T>(what: string, body: string, of: unknown = null, patience = PATIENCE): Promise<T> {
    const end = Date.now() + patience;
    for (;;) {
      const found = await this.look<T>(body, of).catch(() => undefined);
      if (found) return found;
      if (Date.now() > end)
        throw new Error(`${this.browser}: waited in vain for ${what}; the page shows:\n${await this.text()}`);
      await new Promise(later => setTimeout(later, 50));
    }
  }

  async has(selector: string, words?: string): Promise<void> {
    const body = `return [...root.querySelectorAll(of.selector)].some(e => of.words === undefined || e.textContent.includes(of.words));`;
    await this.until(`${selector} ${words ?? ''}`, body, { selector, words });
  }

  async text(selector = 'main'): Promise<string> {
    return this.look<string>('return root?.querySelector(of)?.innerText ?? document.body.innerText;', selector);
  }

  async click(selector: string, words?: string): Promise<void> {
    const { x, y } = await this.until<{ x: number; y: number }>(
      `${selector} ${words ?? ''} to click`,
      `const e = [...root.querySelectorAll(of.selector)].find(e => of.words === undefined || e.textContent.includes(of.words));
       if (!e || e.disabled) return undefined;
       e.scrollIntoView({ block: 'center', inline: 'center' });
       const box = e.getBoundingClientRect();
       return box.width > 0 ? { x: box.x + box.width / 2, y: box.y + box.height / 2 } : undefined;`,
      { selector, words },
    );
    await this.driver.click(x, y);
  }

  /** Puts a text field's content in place of what it holds. */
  async fill(selector: string, content: string): Promise<void> {
    await this.click(selector);
    await this.look('root.querySelector(of).select?.()', selector);
    await this.driver.press('Backspace');
    if (content) await this.driver.type(content);
  }

  /** Walks with the Tab key until `selector` has the focus; 'back' against the order of the page. */
  async tabTo(selector: string, way: 'on' | 'back' = 'on'): Promise<void> {
    for (let step = 0; step < 150; step++) {
      await this.driver.press(way === 'on' ? 'Tab' : 'Shift+Tab');
      if (await this.look<boolean>('return root.activeElement?.matches(of) ?? false', selector)) return;
    }
    throw new Error(`${this.browser}: the Tab key does not reach ${selector}`);
  }

  /** Chooses with the keyboard in the select that has the focus. */
  async choose(selector: string, value: string): Promise<void> {
    await this.look(
      `const e = root.querySelector(of.selector); e.value = of.value; e.dispatchEvent(new Event('change', { bubbles: true }));`,
      { selector, value },
    );
  }

  async screenshot(name: string, isWholePage = true): Promise<string> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    const path = join(SCREENSHOTS, `${this.browser}-${name}.png`);
    await this.driver.screenshot(path, isWholePage);
    return path;
  }
}
