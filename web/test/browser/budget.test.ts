/** What the built page weighs, held by `budget.json`: raised only in a commit that says why. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import budget from '../../budget.json' with { type: 'json' };
import { PAGE } from './drive/built.js';

function built(isMeant: (name: string) => boolean): Buffer {
  const assets = join(PAGE, 'assets');
  const found = readdirSync(assets).filter(isMeant);
  expect(found).toHaveLength(1);
  return readFileSync(join(assets, found[0]!));
}

test('the engine keeps its budget', () => {
  const engine = built(name => name.endsWith('.wasm'));
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  const sizes = {
    raw: engine.length,
    gzip: gzipSync(engine, { level: 9 }).length,
    brotli: brotliCompressSync(engine, quality).length,
  };
  console.log('engine, in bytes:', sizes);
  for (const [kind, most] of Object.entries(budget.engine))
    expect(sizes[kind as keyof typeof sizes], kind).toBeLessThanOrEqual(most);
});

test('the page’s script keeps its budget', () => {
  const script = built(name => /^index-.*\.js$/.test(name));
  expect(gzipSync(script, { level: 9 }).length).toBeLessThanOrEqual(budget.script.gzip);
});

test('the Lab’s script keeps its budget', () => {
  const script = built(name => /^home-.*\.js$/.test(name));
  expect(gzipSync(script, { level: 9 }).length).toBeLessThanOrEqual(budget.lab.gzip);
});
