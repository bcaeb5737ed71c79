/**
 * What the built page weighs, held by `budget.json`: raised only in a commit that says why. `ottla_wasm` is the engine,
 * `ottla_lab` the Lab's, `index` the page's script and `home` what the Lab adds to it.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import budget from '../../budget.json' with { type: 'json' };
import { PAGE } from './drive/built.js';

const ASSETS = join(PAGE, 'assets');
const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
const WEIGH = {
  raw: (bytes: Buffer) => bytes.length,
  gzip: (bytes: Buffer) => gzipSync(bytes, { level: 9 }).length,
  brotli: (bytes: Buffer) => brotliCompressSync(bytes, quality).length,
};

/** The bundler puts a hash into each name. */
const built = readdirSync(ASSETS).map(file => ({ file, name: file.replace(/-[\w-]{8}\./, '.') }));

test.each(Object.entries(budget))('%s keeps its budget', (name, most) => {
  const found = built.filter(built => built.name === name);
  expect(found).toHaveLength(1);
  const bytes = readFileSync(join(ASSETS, found[0]!.file));
  for (const [kind, bytesMax] of Object.entries(most)) {
    const weight = WEIGH[kind as keyof typeof WEIGH](bytes);
    console.log(`${name}: ${weight} bytes ${kind}`);
    expect(weight, kind).toBeLessThanOrEqual(bytesMax);
  }
});

test('every module has a budget', () => {
  const modules = built.filter(({ name }) => name.endsWith('.wasm'));
  expect(Object.keys(budget)).toEqual(expect.arrayContaining(modules.map(({ name }) => name)));
});
