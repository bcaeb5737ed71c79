import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const WEB = join(import.meta.dirname, '../..');

function files(folder: string, ending: string): { name: string; source: string }[] {
  return readdirSync(join(WEB, folder), { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith(ending) && !entry.parentPath.includes('/wasm'))
    .map(entry => ({ name: entry.name, source: readFileSync(join(entry.parentPath, entry.name), 'utf8') }));
}

test('other people’s text reaches the page as text only', () => {
  const sinks = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|unsafeHTML|unsafeSVG|\beval\(|new Function\b/;
  for (const { name, source } of [...files('src', '.ts'), ...files('playground', '.ts')])
    expect([name, sinks.exec(source)?.[0]]).toEqual([name, undefined]);
});

test('the playground stands on the public API alone', () => {
  for (const { name, source } of files('playground', '.ts'))
    for (const [, from] of source.matchAll(/from '([^']+)'/g))
      expect([name, from?.startsWith('../src/public/')]).toEqual([name, true]);
});

test('the page’s parts know clusters by the public API’s types only', () => {
  for (const { name, source } of files('src/internal/screen', '.ts'))
    expect([name, /from '[^']*(engine|protocol|worker|wasm)/.test(source)]).toEqual([name, false]);
});

test('the focus is always visible, and no style comes from elsewhere', () => {
  for (const { name, source } of [...files('src', '.css'), ...files('playground', '.css')])
    expect([name, /outline:\s*(none|0)|@import|url\(/.test(source)]).toEqual([name, false]);
});

test('the page names no other host', () => {
  const shipped = [
    ...files('src', '.ts'),
    ...files('src', '.css'),
    ...files('playground', '.ts'),
    ...files('playground', '.html'),
  ];
  for (const { name, source } of shipped) expect([name, /https?:\/\//.exec(source)?.[0]]).toEqual([name, undefined]);
});
