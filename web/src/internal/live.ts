/**
 * What the broker does right now: its trace folded into the model, its topics and its status.
 *
 * The trace and the status cost the broker no request; the topics do (Metadata), so they are asked for only when the
 * trace says that they changed. A hidden page asks for nothing.
 */

import { Changing } from './changing.js';
import type { RunningCluster } from './cluster.js';
import { emptyModel, fold, type Model } from './model.js';
import type { Status, Topic } from '../public/types.js';

const TRACE_EVERY = 200;
/** While the trace tells of something; at rest less often. */
const STATUS_EVERY = 400;
const STATUS_EVERY_AT_REST = 2_000;
const TOPICS_EVERY = 500;

export class Live extends Changing {
  /** As of the last look, whether the strip is held or not. */
  model: Model = emptyModel();
  topics: Topic[] = [];
  status: Status | undefined;

  #held: Model | undefined;
  #cluster: RunningCluster | undefined;
  #next: bigint | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #statusAt = 0;
  /** Something happened since the last status. */
  #isStatusOld = false;
  #topicsAt = 0;
  #topicsSeen = 0;
  #logDirSeen = 0;

  /** What the strip shows: the model, or the moment it was held at. */
  get shown(): Model {
    return this.#held ?? this.model;
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  hold(isHeld: boolean): void {
    this.#held = isHeld ? this.model : undefined;
    this.changed();
  }

  follow(cluster: RunningCluster, topics: Topic[]): void {
    this.leave();
    this.#cluster = cluster;
    this.topics = topics;
    this.changed();
    void this.#look(cluster);
  }

  leave(): void {
    clearTimeout(this.#timer);
    this.#cluster = undefined;
    this.#next = undefined;
    this.#held = undefined;
    this.model = emptyModel();
    this.topics = [];
    this.status = undefined;
    this.#statusAt = this.#topicsAt = this.#topicsSeen = this.#logDirSeen = 0;
    this.changed();
  }

  /** Looks at everything anew at the next turn. */
  refresh(): void {
    this.#statusAt = -Infinity;
    this.#topicsAt = -Infinity;
    this.#topicsSeen = -1;
  }

  /** At once, for who has just changed them. */
  async lookAtTopics(): Promise<void> {
    const cluster = this.#cluster;
    const topics = await cluster?.topics();
    if (!topics || this.#cluster !== cluster) return;
    this.topics = topics;
    this.changed();
  }

  async #look(cluster: RunningCluster): Promise<void> {
    if (!globalThis.document?.hidden) {
      try {
        await this.#lookOnce(cluster);
      } catch {
        // A cluster that ends says so through `closed`; until then the next look may succeed.
      }
    }
    if (this.#cluster === cluster) this.#timer = setTimeout(() => void this.#look(cluster), TRACE_EVERY);
  }

  async #lookOnce(cluster: RunningCluster): Promise<void> {
    const trace = await cluster.trace(this.#next);
    if (this.#cluster !== cluster) return;
    this.#next = trace.next;
    const isBusy = trace.events.length > 0;
    let isChanged = isBusy;
    if (isBusy) this.model = fold(this.model, trace);

    const now = performance.now();
    const { logDirChanges, topicChanges } = this.model;
    this.#isStatusOld ||= isBusy;
    const statusEvery = this.#isStatusOld ? STATUS_EVERY : STATUS_EVERY_AT_REST;
    if (now - this.#statusAt >= statusEvery || logDirChanges !== this.#logDirSeen) {
      this.status = await cluster.status();
      this.#statusAt = now;
      this.#isStatusOld = false;
      this.#logDirSeen = logDirChanges;
      isChanged = true;
    }
    if (topicChanges !== this.#topicsSeen && now - this.#topicsAt >= TOPICS_EVERY) {
      this.#topicsAt = now;
      this.topics = await cluster.topics();
      this.#topicsSeen = topicChanges;
      isChanged = true;
    }
    if (isChanged && this.#cluster === cluster) this.changed();
  }
}
