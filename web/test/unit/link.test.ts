import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { LinkError, LINK_LENGTH_WARNED, readLink, TEXT_BYTES_MAX, writeLink } from '../../src/internal/link.js';

const JOURNAL = `ottla 1
build 0.1.0
seed 42
visitors 2
config segment.bytes=1000
kill 1 for 300ms
at 2.5s cut visitor-1>broker-1 # 网线
end at 78.123456s steps 123456 digest 8f3a5b7c9d0e1f20
`;

const linkOf = (bytes: Uint8Array) => `#s=1.${Buffer.from(bytes).toString('base64url')}`;
const linkOfText = (text: string) => linkOf(deflateRawSync(text));

async function problem(hash: string): Promise<string> {
  try {
    await readLink(hash);
    return 'none';
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    return error.code;
  }
}

/** The same numbers at every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('a text', () => {
  for (const [name, text] of Object.entries({ journal: JOURNAL, empty: '', marks: '\ufeff\u0000🙂\r\n' }))
    test(`comes back as it was: ${name}`, async () => {
      expect(await readLink(await writeLink(text))).toBe(text);
    });

  test('may come from any deflate', async () => {
    expect(await readLink(linkOfText(JOURNAL))).toBe(JOURNAL);
    expect(await readLink(linkOf(deflateRawSync(JOURNAL, { level: 0 })))).toBe(JOURNAL);
  });

  test('makes a short link', async () => {
    const link = await writeLink(JOURNAL);
    expect(link).toMatch(/^#s=1\.[A-Za-z0-9_-]+$/);
    expect(link.length).toBeLessThan(300);
    expect(link.length).toBeLessThan(LINK_LENGTH_WARNED);
  });

  test('of the largest size comes back, whatever is in it', async () => {
    const next = numbers(7);
    const noise = Array.from({ length: TEXT_BYTES_MAX }, () => String.fromCharCode(32 + next(95))).join('');
    expect(await readLink(await writeLink(noise))).toBe(noise);
  });

  test('that is too large is refused on both sides', async () => {
    await expect(writeLink('x'.repeat(TEXT_BYTES_MAX + 1))).rejects.toMatchObject({ code: 'text-too-large' });
    await expect(writeLink('纸'.repeat(TEXT_BYTES_MAX / 3 + 1))).rejects.toMatchObject({ code: 'text-too-large' });
    expect(await problem(linkOfText('x'.repeat(TEXT_BYTES_MAX + 1)))).toBe('text-too-large');
  });
});

test('a small link that unpacks to very much is given up early', async () => {
  const bomb = linkOf(deflateRawSync(Buffer.alloc(64 << 20)));
  expect(bomb.length).toBeLessThan(90_000);
  const before = performance.now();
  expect(await problem(bomb)).toBe('text-too-large');
  expect(performance.now() - before).toBeLessThan(5_000);
  expect(await problem(`#s=1.${'A'.repeat(1 << 20)}`)).toBe('text-too-large');
});

test('what is no link is somebody else’s', async () => {
  for (const hash of ['', '#', '#lab', '#live', '#t=1.AAAA', 's', '#xs=1.AAAA'])
    expect(await readLink(hash)).toBeUndefined();
});

test('each refusal has one reason', async () => {
  const link = await writeLink(JOURNAL);
  const cases: [string, string][] = [
    [link.replace('=1.', '=2.'), 'link-version'],
    ['#s=999.whatever', 'link-version'],
    ['#s=', 'link-damaged'],
    ['#s=1', 'link-damaged'],
    ['#s=1.', 'link-damaged'],
    ['#s=x.AAAA', 'link-damaged'],
    ['#s=01.AAAA', 'link-damaged'],
    [`${link}=`, 'link-damaged'],
    [`${link}%20`, 'link-damaged'],
    [link.slice(0, -9), 'link-damaged'],
    [linkOf(deflateRawSync(Uint8Array.of(0xc3, 0x28))), 'link-damaged'],
    ['#s=1.A', 'link-damaged'],
    ['#s=1.<img src=x>', 'link-damaged'],
  ];
  for (const [hash, reason] of cases) expect([hash, await problem(hash)]).toEqual([hash, reason]);
});

test('a thousand damaged links are read or refused, never anything else', async () => {
  const next = numbers(42);
  const whole = await writeLink(JOURNAL);
  const letters = 'ABCxyz019-_.=%#s\u0000é';
  const seen = new Map<string, number>();
  for (let round = 0; round < 1_000; round++) {
    const link = [...whole];
    for (let edits = 1 + next(3); edits > 0; edits--) {
      const at = next(link.length);
      const kind = next(3);
      if (kind === 0) link.splice(at, 1 + next(8));
      else if (kind === 1) link.splice(at, 0, letters[next(letters.length)]!);
      else link[at] = letters[next(letters.length)]!;
    }
    const reason = await problem(link.join(''));
    seen.set(reason, (seen.get(reason) ?? 0) + 1);
  }
  expect([...seen.keys()].sort()).toEqual(expect.arrayContaining(['link-damaged', 'link-version', 'none']));
  expect(seen.get('link-damaged')).toBeGreaterThan(500);
});
