/** What the page has to say: shown until dismissed, and spoken at most once every two seconds. */

import { Changing } from './changing.js';
import type { Failure } from './failure.js';
import type { NoticeKey } from './locale.js';
import type { Ended } from '../public/types.js';

const SPEAK_EVERY = 2_000;
const SHOWN_MAX = 4;

type Said =
  | { kind: 'done'; key: NoticeKey; of: Record<string, string> }
  | { kind: 'failed'; failure: Failure }
  | { kind: 'crashed'; ended: Ended };
export type Notice = Said & { id: number };

export class Notices extends Changing {
  shown: Notice[] = [];
  /** The one notice the live region holds. */
  spoken: Notice | undefined;

  #next = 1;
  #waiting: Notice | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(key: NoticeKey, of: Record<string, string> = {}): void {
    this.#show({ kind: 'done', key, of });
  }

  failed(failure: Failure): void {
    this.#show({ kind: 'failed', failure });
  }

  crashed(ended: Ended): void {
    this.#show({ kind: 'crashed', ended });
  }

  /** That it was started again is not so any more. */
  forgetCrash(): void {
    this.shown = this.shown.filter(({ kind }) => kind !== 'crashed');
    this.changed();
  }

  /** For what the page shows elsewhere: said only. */
  speak(said: { key: NoticeKey; of: Record<string, string> } | { failure: Failure }): void {
    this.#waiting = { id: this.#next++, ...('key' in said ? { kind: 'done', ...said } : { kind: 'failed', ...said }) };
    if (this.#timer === undefined) this.#speak();
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter(notice => notice.id !== id);
    this.changed();
  }

  #show(said: Said): void {
    const notice = { id: this.#next++, ...said };
    // A success replaces the success before it: only what failed has to pile up until it is read.
    const kept = notice.kind === 'done' ? this.shown.filter(({ kind }) => kind !== 'done') : this.shown;
    this.shown = [notice, ...kept].slice(0, SHOWN_MAX);
    this.#waiting = notice;
    if (this.#timer === undefined) this.#speak();
    this.changed();
  }

  #speak(): void {
    this.#timer = undefined;
    if (this.#waiting === undefined) return;
    this.spoken = this.#waiting;
    this.#waiting = undefined;
    this.#timer = setTimeout(() => this.#speak(), SPEAK_EVERY);
    this.changed();
  }
}
