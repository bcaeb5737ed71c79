import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Browsers are heavy: one file at a time, each with its own profile. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/browser/drive/built.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
