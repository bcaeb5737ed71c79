import { defineConfig } from 'vite';

/** The built folder is static with relative URLs, fit for any host and any path. */
export default defineConfig({
  root: 'playground',
  base: './',
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
});
