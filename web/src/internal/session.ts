/**
 * One cluster's life as the page sees it.
 *
 *   starting ──► running ──► (stopped for import, reset, delete) ──► starting | deleted
 *      │  ▲         │
 *      │  └─ once ──┤ the worker ended without being asked
 *      ▼            ▼
 *   in-use, failed  ended
 *
 * Every way out of `running` keeps what storage holds; only `reset`, `delete` and a confirmed import throw it away.
 */

import { Changing } from './changing.js';
import type { ClusterDoor, RunningCluster } from './cluster.js';
import { failureOf, type Failure } from './failure.js';
import { Live } from './live.js';
import { Notices } from './notices.js';
import type { ReadRecord } from './reader.js';
import type { ClusterOptions, Ended } from '../public/types.js';

export type Life =
  | { at: 'starting'; done: number; total: number }
  | { at: 'running'; cluster: RunningCluster }
  | { at: 'in-use' }
  | { at: 'failed'; failure: Failure }
  | { at: 'ended'; ended: Ended }
  | { at: 'deleted' };

/** Something that takes a while and moves whole files. */
export interface Job {
  kind: 'export' | 'import';
  done: number;
  total: number;
}

export class Session extends Changing {
  readonly notices = new Notices();
  readonly live = new Live();
  life: Life = { at: 'starting', done: 0, total: 0 };
  job: Job | undefined;
  /** The topic all of the page's topic screens are about. */
  selected: string | undefined;
  /** The record whose batch is shown byte by byte. */
  inspected: ReadRecord | undefined;
  readonly ready: Promise<RunningCluster>;

  #answered!: (cluster: RunningCluster) => void;
  /** Raised at each start and each deliberate end, so that what an older cluster still says is not believed. */
  #turn = 0;
  #hasRestarted = false;

  constructor(
    readonly door: ClusterDoor,
    readonly options: ClusterOptions = {},
  ) {
    super();
    this.ready = new Promise(answered => (this.#answered = answered));
    this.live.watch(() => this.#keepSelection());
  }

  get cluster(): RunningCluster | undefined {
    return this.life.at === 'running' ? this.life.cluster : undefined;
  }

  get canWrite(): boolean {
    return this.cluster?.mode === 'read-write';
  }

  async start(open: ClusterOptions['open'] = 'exclusive'): Promise<void> {
    await this.#begin(onRecovery => this.door.start({ ...this.options, open, onRecovery }));
  }

  select(topic: string | undefined): void {
    if (this.selected === topic) return;
    this.selected = topic;
    this.inspected = undefined;
    this.changed();
  }

  inspect(record: ReadRecord | undefined): void {
    this.inspected = record;
    this.changed();
  }

  /** Throws away every topic and starts an empty cluster of the same name. */
  async reset(): Promise<void> {
    await this.delete();
    if (this.life.at === 'deleted') await this.start();
  }

  async delete(): Promise<void> {
    const name = this.cluster?.name ?? this.options.name;
    try {
      await this.#end();
      await this.door.delete(name);
      this.select(undefined);
      this.#enter({ at: 'deleted' });
    } catch (error) {
      this.#enter({ at: 'failed', failure: failureOf(error) });
    }
  }

  /** The cluster as one file. */
  async export(): Promise<Blob | undefined> {
    const cluster = this.cluster;
    if (!cluster || this.job) return undefined;
    this.#work({ kind: 'export', done: 0, total: 0 });
    try {
      return await cluster.export((done, total) => this.#work({ kind: 'export', done, total }));
    } catch (error) {
      this.notices.failed(failureOf(error));
      return undefined;
    } finally {
      this.#work(undefined);
    }
  }

  /** Replaces the cluster by the file's. A file that is refused leaves the cluster as it was. */
  async import(file: Blob): Promise<void> {
    if (this.job) return;
    this.#work({ kind: 'import', done: 0, total: file.size });
    const name = this.cluster?.name;
    try {
      await this.#end();
      await this.#begin(onRecovery =>
        this.door.import(file, { ...this.options, ...(name ? { name } : {}), replace: true, onRecovery }),
      );
      if (this.life.at === 'running') this.notices.say('notice.imported');
      else if (this.life.at === 'failed') {
        this.notices.failed(this.life.failure);
        await this.start();
      }
    } finally {
      this.#work(undefined);
    }
  }

  /** After a storage failure: opens the log dir once more without losing the page. */
  async reopen(): Promise<void> {
    try {
      await this.cluster?.reopen();
      this.live.refresh();
      this.notices.say('notice.reopened');
    } catch (error) {
      this.notices.failed(failureOf(error));
    }
  }

  async #begin(open: (onRecovery: (done: number, total: number) => void) => Promise<RunningCluster>): Promise<void> {
    const turn = ++this.#turn;
    this.#enter({ at: 'starting', done: 0, total: 0 });
    try {
      const cluster = await open((done, total) => {
        if (turn === this.#turn && this.life.at === 'starting') this.#enter({ at: 'starting', done, total });
      });
      // "Running" means that a broker answered, not that a worker was loaded.
      const topics = await cluster.topics();
      if (turn !== this.#turn) return void cluster.stop();
      this.#enter({ at: 'running', cluster });
      this.live.follow(cluster, topics);
      this.#answered(cluster);
      void cluster.closed.then(ended => this.#onClosed(turn, cluster, ended));
    } catch (error) {
      if (turn !== this.#turn) return;
      const failure = failureOf(error);
      this.#enter(failure.code === 'in-use' ? { at: 'in-use' } : { at: 'failed', failure });
    }
  }

  #onClosed(turn: number, cluster: RunningCluster, ended: Ended): void {
    if (turn !== this.#turn) return;
    this.live.leave();
    if (ended.reason === 'panicked' && !this.#hasRestarted) {
      this.#hasRestarted = true;
      this.notices.crashed(ended);
      void this.start();
      return;
    }
    this.#turn++;
    this.notices.forgetCrash();
    this.#enter({ at: 'ended', ended });
    // One whose storage is gone still holds its lock, which the next start needs.
    if (ended.reason === 'gone') void cluster.stop();
  }

  async #end(): Promise<void> {
    const cluster = this.cluster;
    this.#turn++;
    this.live.leave();
    await cluster?.stop();
  }

  /** The selected topic may be gone, and a cluster with topics always shows one. */
  #keepSelection(): void {
    const { topics } = this.live;
    if (this.selected !== undefined && topics.some(topic => topic.name === this.selected)) return;
    this.select(topics[0]?.name);
  }

  #enter(life: Life): void {
    this.life = life;
    this.changed();
  }

  #work(job: Job | undefined): void {
    this.job = job;
    this.changed();
  }
}
