import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { eventWords, FLAGS } from '../../src/internal/event-words.js';
import { en } from '../../src/internal/locale/en.js';
import { codesEn } from '../../src/internal/locale/lab/codes.en.js';
import { codesZhHans } from '../../src/internal/locale/lab/codes.zh-Hans.js';
import { labEn } from '../../src/internal/locale/lab/en.js';
import { labZhHans } from '../../src/internal/locale/lab/zh-Hans.js';
import { zhHans } from '../../src/internal/locale/zh-Hans.js';
import { KINDS } from '../../src/internal/lab/kinds.js';
import { preferredLanguage, setLanguage, text, textIfKnown, type Message } from '../../src/internal/locale.js';

const CORE = join(import.meta.dirname, '../../../core/src');
const SOURCES = join(import.meta.dirname, '../../src');

/** What the broker says is looked up by its own words; these families have no key in the page's sources. */
const LOOKED_UP =
  /^(event|config|why|error|ended|todo|state|stage|theme|requests\.view|records\.from|storage\.(kind|job|durability)|home|happened|kind|phase|broker\.state|break|who|events\.who|transport(\.state)?|invariant|fault|anomaly)\./;

const CATALOGUES: [string, Record<string, Message>, Record<string, Message>][] = [
  ['the page', en, zhHans],
  ['the Lab', labEn, labZhHans],
  ['codes', codesEn, codesZhHans],
];

function forms(message: Message): string[] {
  return typeof message === 'string' ? [message] : Object.values(message);
}

function names(words: string): string[] {
  return [...new Set([...words.matchAll(/\{(\w+)\}/g)].map(match => match[1]!))].sort();
}

function sources(folder: string): string {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('locale'))
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

/** Every event of the core with its fields, read from the one place that declares them. */
function coreEvents(): Map<string, string[]> {
  const source = readFileSync(join(CORE, 'trace/event.rs'), 'utf8');
  const table = source.slice(source.indexOf('\nevents! {'), source.indexOf('\nmacro_rules! words'));
  const rows = [...table.matchAll(/^ {4}(\w+) \{([^}]*)\}/gm)];
  return new Map(rows.map(row => [row[1]!, [...row[2]!.matchAll(/(\w+):/g)].map(field => field[1]!)]));
}

beforeEach(() => setLanguage('en'));

describe.each(CATALOGUES)('the words of %s', (_, english, chinese) => {
  test('fill in the same things in both languages', () => {
    for (const [key, message] of Object.entries(english)) {
      const expected = [...new Set(forms(message).flatMap(names))].sort();
      expect([key, [...new Set(forms(chinese[key]!).flatMap(names))].sort()]).toEqual([key, expected]);
    }
    expect(Object.keys(chinese).sort()).toEqual(Object.keys(english).sort());
  });

  test('are all used', () => {
    const used = sources(SOURCES);
    const unused = Object.keys(english).filter(key => !LOOKED_UP.test(key) && !used.includes(`'${key}'`));
    expect(unused).toEqual([]);
  });

  test('are never empty, and never left in English', () => {
    for (const [key, message] of Object.entries(chinese)) {
      expect([key, forms(message).every(words => words.trim().length > 0)]).toEqual([key, true]);
      // Kafka's own names and pure placeholders stay as they are.
      const isName =
        /^(stage\.(acceptor|processor|handler|purgatory|sender)|storage\.kind\.indexeddb|storage\.usage\.of|event\.other|requests\.stage|who\.broker)$/;
      if (!isName.test(key))
        expect([key, /[\u3000-\u9fff\uff00-\uffef]/.test(forms(message).join(''))]).toEqual([key, true]);
    }
  });
});

test('no catalogue takes another’s key', () => {
  const keys = CATALOGUES.flatMap(([, english]) => Object.keys(english));
  expect(keys).toHaveLength(new Set(keys).size);
});

describe('what the core says', () => {
  test('every event has a sentence, made of its own fields', () => {
    const events = coreEvents();
    expect(events.size).toBeGreaterThan(35);
    for (const [event, fields] of events) {
      const message = textIfKnown(`event.${event}`);
      expect([event, message !== undefined]).toEqual([event, true]);
      const known = [...fields, 'api'];
      expect([event, names(message!).filter(name => !known.includes(name))]).toEqual([event, []]);
    }
    const sentences = Object.keys(en).filter(key => key.startsWith('event.') && key !== 'event.other');
    expect(sentences.filter(key => !events.has(key.slice('event.'.length)))).toEqual([]);
  });

  test('what is true or false is said so', () => {
    const source = readFileSync(join(CORE, 'trace/event.rs'), 'utf8');
    const flags = [...new Set([...source.matchAll(/(\w+): bool/g)].map(match => match[1]!))];
    expect(flags.sort()).toEqual([...FLAGS].sort());
    const event = { name: 'RequestReleased', request: 1, expired: 0 };
    expect(eventWords(event, new Map())).toBe('Request 1 leaves purgatory (out of time: no)');
  });

  test('every event can be run to in the Lab', () => {
    const kinds: string[] = Object.values(KINDS).flat();
    expect([...coreEvents().keys()].filter(event => !kinds.includes(event))).toEqual([]);
    const ofWorlds = ['fault', 'heal', 'script', 'answered', 'phase'];
    expect(kinds.filter(name => !coreEvents().has(name))).toEqual(expect.arrayContaining(ofWorlds));
    expect(kinds).toHaveLength(coreEvents().size + ofWorlds.length);
  });

  test('the sentences of codes are the project’s own', () => {
    const document = readFileSync(join(CORE, '../invariants.md'), 'utf8');
    const rows = [...document.matchAll(/^- \*\*(\w+)\*\* (?:✓ )?(.*)$/gm)];
    const sentences = new Map(rows.map(([, code, words]) => [code, words!.replaceAll('`', '').replaceAll("'", '’')]));
    for (const [key, sentence] of Object.entries(codesEn))
      expect([key, sentence]).toEqual([key, sentences.get(key.split('.')[1]!)]);
  });

  test('every code that a world can name has a sentence', () => {
    const world = readdirSync(join(CORE, 'world'), { withFileTypes: true, recursive: true })
      .filter(entry => entry.isFile() && entry.name.endsWith('.rs'))
      .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n');
    const codes = [...new Set([...world.matchAll(/"([RTSPLNKDIQ]\d{1,2})"/g)].map(match => match[1]!))];
    expect(codes.length).toBeGreaterThan(15);
    const known = Object.keys(codesEn).map(key => key.split('.')[1]!);
    expect(codes.filter(code => !known.includes(code))).toEqual([]);
    // As `world/history/check.rs` and its tests spell them.
    const anomalies = [
      ...world.matchAll(/"([a-z]+(?:-[a-z]+)*-(?:poll|send|read|write|skip|rewrite|offsets)|unseen|duplicate|G1a)"/g),
    ]
      .map(match => match[1]!)
      .filter(code => code !== 'cold-read');
    expect(new Set(anomalies).size).toBeGreaterThan(8);
    expect(anomalies.filter(code => !Object.hasOwn(labEn, `anomaly.${code}`))).toEqual([]);
  });

  test('every setting of a topic has words', () => {
    const source = readFileSync(join(CORE, 'config/topic.rs'), 'utf8');
    const rows = [...source.matchAll(/^ {4}\w+: [^=]+ = "([a-z.]+)"/gm)].map(match => match[1]!);
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter(name => textIfKnown(`config.${name}`) === undefined)).toEqual([]);
    const sentences = Object.keys(en).filter(key => key.startsWith('config.'));
    expect(sentences.filter(key => !rows.includes(key.slice('config.'.length)))).toEqual([]);
  });

  test('every reason has words', () => {
    const source = readFileSync(join(CORE, 'trace/event.rs'), 'utf8');
    const reasons = [...source.matchAll(/(?:= |=> )"([a-z0-9-]+)"/g)].map(match => match[1]!);
    expect(reasons.length).toBeGreaterThan(15);
    expect(reasons.filter(reason => textIfKnown(`why.${reason}`) === undefined)).toEqual([]);
  });

  test('every error that has a sentence is one of Kafka’s', () => {
    const table = readFileSync(join(CORE, 'error.rs'), 'utf8');
    const sentences = Object.keys(en).filter(key => /^error\.[A-Z]/.test(key));
    expect(sentences.length).toBeGreaterThan(10);
    expect(sentences.filter(key => !table.includes(`"${key.slice('error.'.length)}"`))).toEqual([]);
  });
});

test('the first of the visitor’s languages that there is', () => {
  expect(preferredLanguage(['fr-FR', 'zh-TW', 'en'])).toBe('zh-Hans');
  expect(preferredLanguage(['en-GB', 'zh-CN'])).toBe('en');
  expect(preferredLanguage(['fr', 'de'])).toBe('en');
  expect(preferredLanguage([])).toBe('en');
});

test('plurals and digits follow the language, and what is filled in cannot act', () => {
  expect(text('records.sum', { count: 1 })).toBe('1 record');
  expect(text('records.sum', { count: 12345 })).toBe('12,345 records');
  expect(text('notice.created', { topic: 'a\u202eb' })).toBe('Topic a\\u{202e}b created.');
  setLanguage('zh-Hans');
  expect(text('records.sum', { count: 1 })).toBe('1 条记录');
  expect(textIfKnown('event.NoSuchEvent')).toBeUndefined();
  expect(textIfKnown('toString')).toBeUndefined();
});
