import { defineConfig } from 'vite';

/** The page over a fake cluster, for browser tests only. */
export default defineConfig({
  root: 'test/browser/fake',
  base: './',
  build: { outDir: '../../../dist-fake', emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } },
});
