import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Notices } from '../../src/internal/notices.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a screen reader hears at most one message in two seconds, and the last one is never lost', () => {
  const notices = new Notices();
  const heard: string[] = [];
  let last: unknown;
  notices.watch(() => {
    if (notices.spoken === last) return;
    last = notices.spoken;
    heard.push(notices.spoken?.kind === 'failed' ? notices.spoken.failure.code : '?');
  });
  for (const code of ['a', 'b', 'c']) notices.failed({ code });
  expect(heard).toEqual(['a']);
  vi.advanceTimersByTime(1_999);
  expect(heard).toEqual(['a']);
  vi.advanceTimersByTime(1);
  expect(heard).toEqual(['a', 'c']);
  vi.advanceTimersByTime(10_000);
  notices.failed({ code: 'd' });
  expect(heard).toEqual(['a', 'c', 'd']);
});

test('failures pile up until they are dismissed, successes do not', () => {
  const notices = new Notices();
  notices.failed({ code: 'x' });
  notices.say('notice.imported');
  notices.say('notice.reopened');
  expect(notices.shown.map(({ kind }) => kind)).toEqual(['done', 'failed']);
  notices.dismiss(notices.shown[1]!.id);
  expect(notices.shown.map(({ kind }) => kind)).toEqual(['done']);
});
