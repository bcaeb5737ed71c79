/** The folders under test: what `npm run build` made, and the page over a fake cluster, made here. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const WEB = fileURLToPath(new URL('../../../', import.meta.url));
export const PAGE = `${WEB}dist`;
export const FAKE_PAGE = `${WEB}dist-fake`;

/** Runs once before all browser tests. */
export default async function setup(): Promise<void> {
  if (!existsSync(`${PAGE}/index.html`)) throw new Error('web/dist is not there: build the page first');
  await build({ configFile: `${WEB}vite.fake.config.ts`, logLevel: 'error' });
}
