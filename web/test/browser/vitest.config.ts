import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Of one browser, or of none. A run for Firefox alone leaves them to the other. */
const CHROMIUM_ONLY = ['accessible', 'budget', 'lab', 'lab-accessible', 'picture', 'states'].map(
  name => `test/browser/${name}.test.ts`,
);

/** Browsers are heavy: one file at a time, each with its own profile. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/browser/**/*.test.ts'],
    exclude: process.env['OTTLA_BROWSER'] === 'firefox' ? CHROMIUM_ONLY : [],
    globalSetup: ['test/browser/drive/built.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
