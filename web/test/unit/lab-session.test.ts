import { expect, test } from 'vitest';
import { BRANCHES_MAX, LabSession } from '../../src/internal/lab/session.js';
import { readLink, writeLink } from '../../src/internal/link.js';
import { FakeLabDoor } from '../fake-lab.js';

const SECOND = 1_000_000;
const TEXT = 'ottla 1\nseed 7\nkill 1 for 300ms\n';

function session() {
  const door = new FakeLabDoor();
  return { door, lab: new LabSession(door) };
}

test('whatever is opened can be found again by its address', async () => {
  const { lab } = session();
  const ways = [
    () => lab.openSeed('42'),
    () => lab.openFile(new Blob([TEXT])),
    () => lab.openText('ottla 1\nseed 9\n'),
    async () => lab.openAddress(await writeLink('ottla 1\nseed 11\n')),
  ];
  const seeds = [];
  for (const way of ways) {
    await way();
    expect(lab.failure).toBeUndefined();
    seeds.push(lab.current?.state.seed);
    expect(await readLink(lab.address)).toBe(lab.text);
    expect(lab.current?.state.now).toBe(0);
  }
  expect(seeds).toEqual(['42', '7', '9', '11']);
});

test('what takes its place closes what was open', async () => {
  const { lab, door } = session();
  await lab.openSeed('1');
  await lab.fork();
  await lab.openSeed('2');
  expect(lab.branches).toHaveLength(1);
  expect(door.opened[0]?.isClosed).toBe(true);
});

test('what cannot be opened says why, once, and leaves open what was', async () => {
  const { lab } = session();
  await lab.openSeed('1');
  const { address } = lab;
  const cases: [string, () => Promise<void>, string | undefined][] = [
    ['link-damaged', () => lab.openAddress('#s=1.AAAA'), undefined],
    ['link-version', () => lab.openAddress('#s=2.AAAA'), undefined],
    ['text-too-large', () => lab.openFile(new Blob(['x'.repeat(70_000)])), undefined],
    ['link-damaged', () => lab.openFile(new Blob([Uint8Array.of(0xff, 0xfe, 0x00)])), undefined],
    ['bad-scenario', () => lab.openText('ottla 2\nseed 1\n'), 'line 1: version 2'],
    ['bad-scenario', () => lab.openText('ottla 1\nseed 1\nkilt 1\n'), 'line 3: nobody knows how to `kilt`'],
    ['bad-scenario', () => lab.openText('seed 1\n'), 'line 1:'],
  ];
  for (const [code, open, detail] of cases) {
    await open();
    expect(lab.failure).toMatchObject({ code });
    if (detail) expect(lab.failure?.detail).toContain(detail);
    expect(lab.current?.state.seed).toBe('1');
    expect(lab.address).toBe(address);
    expect(lab.isOpening).toBe(false);
  }
  await lab.openSeed('2');
  expect(lab.failure).toBeUndefined();
});

test('an address that names no text opens nothing, and its own nothing again', async () => {
  const { lab, door } = session();
  await lab.openAddress('#lab');
  expect(door.opened).toHaveLength(0);
  await lab.openSeed('1');
  await lab.openAddress(lab.address);
  await lab.openAddress('#lab');
  expect(door.opened).toHaveLength(1);
});

test('of two that are opened at once the later one is shown', async () => {
  const { lab } = session();
  await Promise.all([lab.openSeed('1'), lab.openSeed('2')]);
  expect(lab.current?.state.seed).toBe('2');
  expect(lab.isOpening).toBe(false);
});

test('a fork goes its own way and can be compared', async () => {
  const { lab } = session();
  await lab.openSeed('42');
  const original = lab.current!;
  await original.seek(5 * SECOND);
  await lab.fork();
  const fork = lab.current!;
  expect(fork).not.toBe(original);
  expect(fork.origin).toEqual({ number: 1, from: { number: 0, at: 5 * SECOND } });
  expect(fork.state.digest).toBe(original.state.digest);

  await fork.command('kill 1 for 2s');
  await fork.seek(9 * SECOND);
  await lab.align();
  expect(original.state.now).toBe(9 * SECOND);
  expect(original.state.digest).not.toBe(fork.state.digest);

  lab.show(original);
  expect(lab.current).toBe(original);
  await lab.drop(fork);
  expect(lab.branches).toEqual([original]);
  await lab.drop(original);
  expect(lab.branches).toEqual([original]);
});

test('forks are bounded', async () => {
  const { lab } = session();
  await lab.openSeed('42');
  for (let count = 0; count < BRANCHES_MAX + 3; count++) await lab.fork();
  expect(lab.branches).toHaveLength(BRANCHES_MAX);
});

test('the link is to what happened, and opens as that', async () => {
  const { lab } = session();
  await lab.openSeed('42');
  await lab.current!.seek(5 * SECOND);
  await lab.current!.command('kill 1 for 2s');
  const link = (await lab.link())!;
  const { lab: other } = session();
  await other.openAddress(link);
  await other.current!.runToEnd();
  expect(other.current!.faults.at(-1)).toMatchObject({ command: 'kill 1 for 2s' });
});
