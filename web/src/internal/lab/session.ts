/**
 * What the Lab has open: one text, and the courses of events that begin with it.
 *
 * Whatever opens a text (a link, a file, a seed, typing) ends in its link: the address always is the way back here.
 * What cannot be opened leaves open what was.
 */

import { Changing } from '../changing.js';
import { failureOf, type Failure } from '../failure.js';
import type { LabDoor } from '../lab.js';
import { readLink, TEXT_BYTES_MAX, textOf, writeLink, LinkError } from '../link.js';
import { Notices } from '../notices.js';
import { Branch } from './branch.js';

/** Worlds in memory at once. */
export const BRANCHES_MAX = 6;
export const SEED = /^[0-9]{1,20}$/;

export class LabSession extends Changing {
  readonly notices = new Notices();
  branches: Branch[] = [];
  /** The one that the screens show. */
  current: Branch | undefined;
  /** What was opened. */
  text: string | undefined;
  /** The hash that leads back here. */
  address = '#lab';
  isOpening = false;
  failure: Failure | undefined;

  #turn = 0;
  #forks = 0;

  constructor(readonly door: LabDoor) {
    super();
  }

  /** What an address's hash says; the Lab's own last address changes nothing. */
  async openAddress(hash: string): Promise<void> {
    if (hash === this.address) return;
    await this.#open(async () => ({ text: await readLink(hash), address: hash }));
  }

  async openFile(file: Blob): Promise<void> {
    await this.#open(async () => {
      if (file.size > TEXT_BYTES_MAX) throw new LinkError('text-too-large');
      return { text: textOf(new Uint8Array(await file.arrayBuffer())) };
    });
  }

  async openSeed(seed: string): Promise<void> {
    await this.openText(`ottla 1\nseed ${seed}\n`);
  }

  async openText(text: string): Promise<void> {
    await this.#open(async () => ({ text }));
  }

  /** Begins again with what was opened, after an engine that stopped. */
  async reopen(): Promise<void> {
    if (this.text !== undefined) await this.openText(this.text);
  }

  show(branch: Branch): void {
    void this.current?.pause();
    this.current = branch;
    this.changed();
  }

  /** Another course from here on: shown, and the one it left kept. */
  async fork(): Promise<void> {
    const from = this.current;
    if (!from || this.branches.length >= BRANCHES_MAX) return;
    try {
      await from.pause();
      const lab = await from.lab.fork();
      const origin = { number: ++this.#forks, from: { number: from.origin.number, at: from.state.now } };
      const branch = await Branch.of(lab, origin, from.recordedEnd);
      branch.speed = from.speed;
      this.branches = [...this.branches, branch];
      this.show(branch);
      this.notices.say('notice.lab-forked');
    } catch (error) {
      this.notices.failed(failureOf(error));
    }
  }

  async drop(branch: Branch): Promise<void> {
    const others = this.branches.filter(other => other !== branch);
    if (others.length === 0) return;
    this.branches = others;
    if (this.current === branch) this.show(others[0]!);
    this.changed();
    await branch.close();
  }

  /** Moves every other course to the moment of this one, so that their ends can be compared. */
  async align(): Promise<void> {
    const at = this.current?.state.now;
    if (at === undefined) return;
    const others = this.branches.filter(branch => branch !== this.current);
    await Promise.all(others.map(branch => branch.seek(at)));
    this.changed();
  }

  /** Says in the address what the page could not put elsewhere. */
  moveTo(address: string): void {
    this.address = address;
    this.changed();
  }

  /** The link to all that happened in this course of events. */
  async link(): Promise<string | undefined> {
    return this.#try(async branch => writeLink(await branch.lab.journal()));
  }

  async journal(): Promise<string | undefined> {
    return this.#try(branch => branch.lab.journal());
  }

  async #try<T>(what: (branch: Branch) => Promise<T>): Promise<T | undefined> {
    try {
      return this.current && (await what(this.current));
    } catch (error) {
      this.notices.failed(failureOf(error));
      return undefined;
    }
  }

  async #open(read: () => Promise<{ text: string | undefined; address?: string }>): Promise<void> {
    const turn = ++this.#turn;
    this.isOpening = true;
    this.failure = undefined;
    this.changed();
    try {
      const { text, address } = await read();
      if (text === undefined || turn !== this.#turn) return;
      const link = address ?? (await writeLink(text));
      const branch = await Branch.of(await this.door.open(text), { number: 0 });
      if (turn !== this.#turn) return void branch.close();
      this.#enter(text, link, branch);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.failure = failureOf(error);
      this.notices.speak({ failure: this.failure });
    } finally {
      if (turn === this.#turn) {
        this.isOpening = false;
        this.changed();
      }
    }
  }

  #enter(text: string, address: string, branch: Branch): void {
    const before = this.branches;
    this.text = text;
    this.address = address;
    this.branches = [branch];
    this.current = branch;
    this.#forks = 0;
    this.notices.speak({ key: 'notice.lab-opened', of: { seed: branch.state.seed } });
    for (const old of before) void old.close();
  }
}
