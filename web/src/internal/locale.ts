/** The page's words. `locale/en.ts` and `locale/lab/en.ts` define the keys; a language that lacks one does not compile. */

import { en } from './locale/en.js';
import type { codesEn } from './locale/lab/codes.en.js';
import type { labEn } from './locale/lab/en.js';
import { zhHans } from './locale/zh-Hans.js';
import { plainText } from './visible.js';

export type Language = 'en' | 'zh-Hans';
/** The Lab's words come with its screens. */
type Words = typeof en & typeof labEn & typeof codesEn;
export type Key = keyof Words;
/** `other` alone where a language has no plural. */
export type Message = string | { one?: string; other: string };
export type Catalogue = Record<keyof typeof en, Message>;

type NamesIn<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type Names<K extends Key> = NamesIn<Words[K] extends string ? Words[K] : Values<Words[K]>>;
type Values<T> = T[keyof T];
type Given<K extends Key> = [Names<K>] extends [never] ? [] : [Record<Names<K>, Value>];
/** Strings go in as they are (escaped), numbers in the language's digits. */
export type Value = string | number | bigint;

/** Keys of sentences that say what was done. */
export type NoticeKey = Extract<Key, `notice.${string}`>;

export const LANGUAGES: Record<Language, string> = { en: 'English', 'zh-Hans': '简体中文' };

const CATALOGUES: Record<Language, Record<string, Message>> = { en: { ...en }, 'zh-Hans': { ...zhHans } };
const watchers = new Set<() => void>();
let current: Language = 'en';

export function language(): Language {
  return current;
}

export function setLanguage(chosen: Language): void {
  current = chosen;
  for (const watcher of watchers) watcher();
}

/** Sentences of a part that is loaded when it is needed. */
export function addWords(words: Record<Language, Record<string, Message>>): void {
  for (const [tag, sentences] of Object.entries(words)) Object.assign(CATALOGUES[tag as Language], sentences);
}

export function watchLanguage(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** The first of the visitor's languages that there is; any Chinese reader is served Simplified Chinese. */
export function preferredLanguage(languages: readonly string[]): Language {
  for (const tag of languages) {
    if (/^zh\b/i.test(tag)) return 'zh-Hans';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}

export function text<K extends Key>(key: K, ...[of]: Given<K>): string {
  return fill(CATALOGUES[current][key]!, of ?? {});
}

/** For keys that arrive as data (an event's name, an error's code): undefined if there are no words for it. */
export function textIfKnown(key: string, of: Record<string, Value> = {}): string | undefined {
  const catalogue = CATALOGUES[current];
  return Object.hasOwn(catalogue, key) ? fill(catalogue[key]!, of) : undefined;
}

const formats = new Map<string, Intl.NumberFormat>();
const plurals = new Map<Language, Intl.PluralRules>();

/** Numbers in the reader's language. Kept: making one takes as long as a hundred uses, and lists use thousands. */
export function numberFormat(digitsMin = 0, digitsMax = 3): Intl.NumberFormat {
  const key = `${current} ${digitsMin} ${digitsMax}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(current, { minimumFractionDigits: digitsMin, maximumFractionDigits: digitsMax });
    formats.set(key, format);
  }
  return format;
}

function pluralOf(count: number): Intl.LDMLPluralRule {
  let rules = plurals.get(current);
  if (!rules) plurals.set(current, (rules = new Intl.PluralRules(current)));
  return rules.select(count);
}

function fill(message: Message, of: Record<string, Value>): string {
  const words =
    typeof message === 'string' ? message : (pluralOf(Number(of['count'])) === 'one' && message.one) || message.other;
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = of[name];
    if (value === undefined) return whole;
    return typeof value === 'string' ? plainText(value) : numberFormat().format(value);
  });
}
