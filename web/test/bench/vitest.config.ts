import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Figures, which nothing here judges: `cargo bench -- page`. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/bench/**/*.bench.ts'],
    environment: 'node',
    reporters: [['default', { summary: false }]],
    disableConsoleIntercept: true,
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
});
