import { expect, test } from 'vitest';
import { contentParts, plainText, textParts } from '../../src/internal/visible.js';

test('what hides or reorders is written out', () => {
  expect(plainText('a\u202eb')).toBe('a\\u{202e}b');
  expect(plainText('zero\u200bwidth')).toBe('zero\\u{200b}width');
  expect(plainText('line\nfeed\ttab\0nul')).toBe('line\\nfeed\\ttab\\0nul');
  expect(plainText('lone \ud800 half')).toBe('lone \\u{d800} half');
  expect(plainText('tag \u{e0041}')).toBe('tag \\u{e0041}');
});

test('what is text stays text, in any script', () => {
  const words = '纸 <b>bold</b> & עברית 🎉 é';
  expect(textParts(words)).toEqual([{ text: words, isEscape: false }]);
});

test('escapes are told apart from the same characters typed', () => {
  expect(textParts('\\u{202e}')).toEqual([{ text: '\\u{202e}', isEscape: false }]);
  expect(textParts('\u202e')).toEqual([{ text: '\\u{202e}', isEscape: true }]);
});

test('bytes that are no text are shown in hexadecimal, and long ones are cut', () => {
  expect(contentParts(new Uint8Array([0xff, 0x00]), 100)).toEqual([{ text: '0xff00', isEscape: true }]);
  expect(contentParts(new TextEncoder().encode('纸'), 100)).toEqual([{ text: '纸', isEscape: false }]);
  expect(contentParts(new TextEncoder().encode('x'.repeat(50)), 10)).toEqual([
    { text: 'x'.repeat(10), isEscape: false },
    { text: '…', isEscape: true },
  ]);
});
