/** A topic's records: where to start, which partitions, following the end. */

import { html, nothing } from 'lit';
import { failureOf, type Failure } from '../failure.js';
import { clock, number } from '../format.js';
import { text } from '../locale.js';
import { byTime, follow, read, RECORDS_MAX, type ReadRecord, type Start } from '../reader.js';
import type { Topic } from '../../public/types.js';
import { content, failureWords, shownText } from './fragments.js';
import { guardComposition, Screen } from './screen.js';

const STARTS = ['newest', 'oldest', 'offset', 'time'] as const;
const CELL_MAX = 160;

export class RecordTable extends Screen {
  #topic: Topic | undefined;
  #from: Start['from'] = 'newest';
  #offset = '0';
  #time = '';
  /** undefined: all of them. */
  #partition: number | undefined;
  #isFollowing = true;
  #records: ReadRecord[] = [];
  #failure: Failure | undefined;
  #isReading = false;
  #stop = new AbortController();

  override render() {
    if (!this.#topic) return nothing;
    return html`
      <section class="card records" aria-labelledby="records-title" id="records">
        <header class="card-bar">
          <h2 id="records-title" tabindex="-1">${text('records.title')}</h2>
          <p class="quiet-words">${this.#sum()}</p>
        </header>
        ${this.#controls(this.#topic)}
        ${
          this.#failure
            ? html`<p class="failure"><span aria-hidden="true">!</span> ${failureWords(this.#failure)}</p>`
            : nothing
        }
        ${this.#records.length > 0 ? this.#table() : html`<p class="empty">${this.#emptyWords()}</p>`}
      </section>
    `;
  }

  override willUpdate(): void {
    const topic = this.session.live.topics.find(({ name }) => name === this.session.selected);
    // Another topic, the same name made anew, or a cluster that has started again.
    const isAnother = topic?.id !== this.#topic?.id || topic?.partitions.length !== this.#topic?.partitions.length;
    this.#topic = topic;
    if (isAnother) {
      this.#partition = undefined;
      void this.#read();
    }
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop.abort();
  }

  #sum() {
    if (this.#isReading) return text('records.reading');
    const isFollowed = this.#isFollowing && this.#from === 'newest' && !this.#failure;
    return isFollowed
      ? text('records.following', { count: this.#records.length })
      : text('records.sum', { count: this.#records.length });
  }

  #emptyWords() {
    return this.#isReading ? text('records.reading') : text('records.empty');
  }

  #controls(topic: Topic) {
    return html`<form class="row controls" @submit=${this.#onSubmit} @keydown=${guardComposition}>
      <label>
        <span>${text('records.from')}</span>
        <select name="from" @change=${this.#onFrom}>
          ${STARTS.map(
            from =>
              html`<option value=${from} .selected=${from === this.#from}>${text(`records.from.${from}`)}</option>`,
          )}
        </select>
      </label>
      ${
        this.#from === 'offset'
          ? html`<label class="narrow">
            <span>${text('records.offset')}</span>
            <input name="offset" inputmode="numeric" pattern="[0-9]{1,18}" required .value=${this.#offset} />
          </label>`
          : nothing
      }
      ${
        this.#from === 'time'
          ? html`<label>
            <span>${text('records.time')}</span>
            <input name="time" type="datetime-local" step="1" required .value=${this.#time} />
          </label>`
          : nothing
      }
      <label class="narrow">
        <span>${text('partition.partition')}</span>
        <select name="partition" @change=${this.#onPartition}>
          <option value="" .selected=${this.#partition === undefined}>${text('records.all')}</option>
          ${topic.partitions.map(
            ({ partition }) =>
              html`<option value=${partition} .selected=${partition === this.#partition}>${partition}</option>`,
          )}
        </select>
      </label>
      <button>${text('records.read')}</button>
      ${
        this.#from === 'newest'
          ? html`<label class="check">
            <input type="checkbox" name="follow" .checked=${this.#isFollowing} @change=${this.#onFollow} />
            <span>${text('records.follow')}</span>
          </label>`
          : nothing
      }
    </form>`;
  }

  #table() {
    const selected = this.session.inspected;
    const focusable = this.#records.findIndex(read => isSame(read, selected));
    return html`<div class="scroll tall">
      <table class="record-table" role="grid" aria-labelledby="records-title" @keydown=${this.#onKey}>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col" class="figure">${text('record.partition')}</th>
            <th role="columnheader" scope="col" class="figure">${text('record.offset')}</th>
            <th role="columnheader" scope="col">${text('record.timestamp')}</th>
            <th role="columnheader" scope="col">${text('record.key')}</th>
            <th role="columnheader" scope="col">${text('record.value')}</th>
            <th role="columnheader" scope="col">${text('record.headers')}</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${this.#records.map((read, index) => this.#row(read, index, Math.max(0, focusable) === index))}
        </tbody>
      </table>
    </div>`;
  }

  #row(read: ReadRecord, index: number, isFocusable: boolean) {
    const { record, partition } = read;
    return html`<tr
      role="row"
      data-index=${index}
      tabindex=${isFocusable ? '0' : '-1'}
      aria-selected=${isSame(read, this.session.inspected) ? 'true' : 'false'}
      @click=${() => this.session.inspect(read)}
    >
      <td role="gridcell" class="figure partition-cell">${partition}</td>
      <td role="gridcell" class="figure">${number(record.offset)}</td>
      <td role="gridcell" class="time">
        <time datetime=${isoTime(record.timestamp)}>${clock(record.timestamp)}</time>
      </td>
      <td role="gridcell" class="content">${content(record.key, CELL_MAX)}</td>
      <td role="gridcell" class="content value">${content(record.value, CELL_MAX)}</td>
      <td role="gridcell" class="content">
        ${record.headers.map(
          ([name, value], at) => html`${at > 0 ? ', ' : nothing}${shownText(name, 40)}=${content(value, 40)}`,
        )}
      </td>
    </tr>`;
  }

  /** Reads anew with what the controls say, then follows if that is asked for. */
  async #read(): Promise<void> {
    this.#stop.abort();
    const stop = (this.#stop = new AbortController());
    const { cluster } = this.session;
    this.#records = [];
    this.#failure = undefined;
    this.#isReading = false;
    if (!cluster || !this.#topic) return;
    this.#isReading = true;
    this.requestUpdate();
    const partitions = this.#topic.partitions
      .map(({ partition }) => partition)
      .filter(partition => this.#partition === undefined || partition === this.#partition);
    const reading = { cluster, topic: this.#topic, partitions, signal: stop.signal };
    try {
      const { records, ends } = await read(reading, this.#start());
      if (stop.signal.aborted) return;
      this.#records = records;
      this.#isReading = false;
      this.requestUpdate();
      if (this.#from === 'newest' && this.#isFollowing) await follow(reading, ends, more => this.#prepend(more));
    } catch (error) {
      if (stop.signal.aborted) return;
      this.#failure = failureOf(error);
      // The log's start has overtaken the reader: what is left is read from there.
      if (this.#failure.code === 'OFFSET_OUT_OF_RANGE' && this.#from === 'newest') return void this.#read();
      this.#isReading = false;
      this.requestUpdate();
    }
  }

  #start(): Start {
    switch (this.#from) {
      case 'offset':
        return { from: 'offset', offset: BigInt(this.#offset) };
      case 'time':
        return { from: 'time', at: new Date(this.#time) };
      default:
        return { from: this.#from };
    }
  }

  #prepend(more: ReadRecord[]): void {
    this.#records = [...more.sort(byTime).reverse(), ...this.#records].slice(0, RECORDS_MAX);
    this.requestUpdate();
  }

  #onFrom = (event: Event) => {
    this.#from = (event.target as HTMLSelectElement).value as Start['from'];
    if (this.#from === 'newest' || this.#from === 'oldest') void this.#read();
    else this.requestUpdate();
  };

  #onPartition = (event: Event) => {
    const { value } = event.target as HTMLSelectElement;
    this.#partition = value === '' ? undefined : Number(value);
    void this.#read();
  };

  #onFollow = (event: Event) => {
    this.#isFollowing = (event.target as HTMLInputElement).checked;
    void this.#read();
  };

  #onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    this.#offset = String(form.get('offset') ?? this.#offset);
    this.#time = String(form.get('time') ?? this.#time);
    void this.#read();
  };

  #onKey = (event: KeyboardEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('tbody tr');
    if (!row) return;
    const last = this.#records.length - 1;
    const at = Number(row.dataset['index']);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last, Enter: at, ' ': at }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const read = this.#records[Math.min(last, Math.max(0, to))];
    if (!read) return;
    this.session.inspect(read);
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('tbody tr[tabindex="0"]')?.focus());
  };
}

function isSame(a: ReadRecord, b: ReadRecord | undefined): boolean {
  return a.partition === b?.partition && a.record.offset === b.record.offset;
}

function isoTime(at: Date): string {
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}
