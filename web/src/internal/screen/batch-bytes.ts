/** The selected record's batch, byte by byte: each byte belongs to a named field, and either marks the other. */

import { html, nothing } from 'lit';
import { readBatch, type BatchView, type Field } from '../batch.js';
import { text } from '../locale.js';
import type { ReadRecord } from '../reader.js';
import { content } from './fragments.js';
import { Screen } from './screen.js';

const ROW = 16;
const PAGE = 32 * ROW;

export class BatchBytes extends Screen {
  #read: ReadRecord | undefined;
  #view: BatchView = { fields: [], isCrcRight: false, isCompressed: false, records: 0 };
  /** The header's fields and those of the selected record; the other records are named in the bytes only. */
  #fields: Field[] = [];
  /** Index into `#fields`. */
  #marked = 0;
  #page = 0;

  protected override sources() {
    return [this.session];
  }

  override willUpdate(): void {
    const { inspected } = this.session;
    if (this.#read === inspected) return;
    const isSameBatch = inspected !== undefined && this.#read?.batch === inspected.batch;
    this.#read = inspected;
    if (!inspected) return;
    if (!isSameBatch) this.#view = readBatch(inspected.batch.bytes);
    const fields = this.#view.fields.filter(({ record }) => record === undefined || record === inspected.index);
    this.#fields = fields;
    this.#mark(
      Math.max(
        0,
        fields.findIndex(field => field.record === inspected.index),
      ),
    );
    this.#showMarked();
  }

  override render() {
    if (!this.#read) return nothing;
    const { batch, partition } = this.#read;
    const { length } = batch.bytes;
    return html`
      <section class="card bytes" aria-labelledby="bytes-title">
        <header class="card-bar">
          <h2 id="bytes-title">${text('bytes.title')}</h2>
          <p class="quiet-words">
            ${text('bytes.sum', {
              partition,
              first: batch.baseOffset,
              last: batch.lastOffset,
              bytes: length,
              count: this.#view.records,
            })}
          </p>
        </header>
        <div class="bytes-body">
          <div class="hex">
            <pre tabindex="0" aria-label=${text('bytes.hex')} @mouseover=${this.#onHover}>${this.#rows(batch.bytes)}</pre>
            ${length > PAGE ? this.#pages(length) : nothing}
          </div>
          ${this.#list()}
        </div>
        ${this.#view.isCompressed ? html`<p class="quiet-words">${text('bytes.compressed')}</p>` : nothing}
      </section>
    `;
  }

  #rows(bytes: Uint8Array) {
    const end = Math.min(bytes.length, this.#page + PAGE);
    const rows = [];
    for (let at = this.#page; at < end; at += ROW) {
      rows.push(
        html`<span class="address">${at.toString(16).padStart(6, '0')}</span>${this.#runs(bytes, at, Math.min(end, at + ROW))}${'\n'}`,
      );
    }
    return rows;
  }

  /** A row, cut where a field begins or ends. */
  #runs(bytes: Uint8Array, from: number, to: number) {
    const marked = this.#fields[this.#marked];
    const runs = [];
    for (let at = from; at < to;) {
      const field = this.#fieldAt(at);
      const end = Math.min(to, field?.end ?? at + 1);
      const words = Array.from(bytes.subarray(at, end), byte => byte.toString(16).padStart(2, '0')).join(' ');
      runs.push(
        html` <span class="run" data-kind=${this.#kindOf(field)} data-at=${at} ?data-marked=${field !== undefined && field === marked}
          >${words}</span
        >`,
      );
      at = end;
    }
    return runs;
  }

  #kindOf(field: Field | undefined): string {
    if (field === undefined) return 'none';
    if (field.record === undefined) return 'header';
    return field.record === this.#read?.index ? 'record' : 'other';
  }

  /** Fields lie in order: found by halving, as a batch of a megabyte has a hundred thousand. */
  #fieldAt(at: number): Field | undefined {
    const { fields } = this.#view;
    let low = 0;
    let high = fields.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const field = fields[middle]!;
      if (at < field.start) high = middle - 1;
      else if (at >= field.end) low = middle + 1;
      else return field;
    }
    return undefined;
  }

  #pages(length: number) {
    const last = Math.floor((length - 1) / PAGE) * PAGE;
    return html`<p class="buttons">
      <button class="small" ?disabled=${this.#page === 0} @click=${() => this.#turn(-PAGE)}>${text('bytes.before')}</button>
      <span class="quiet-words">
        ${text('bytes.range', { from: this.#page, to: Math.min(length, this.#page + PAGE) - 1, bytes: length })}
      </span>
      <button class="small" ?disabled=${this.#page >= last} @click=${() => this.#turn(PAGE)}>${text('bytes.after')}</button>
    </p>`;
  }

  #list() {
    return html`<ul
      class="fields"
      role="listbox"
      tabindex="0"
      aria-label=${text('bytes.fields')}
      aria-activedescendant="field-${this.#marked}"
      @keydown=${this.#onKey}
      @mouseover=${this.#onListHover}
      @click=${this.#onListHover}
    >
      ${this.#fields.map((field, index) => this.#field(field, index))}
    </ul>`;
  }

  #field(field: Field, index: number) {
    const bytes = field.end - field.start;
    return html`<li
      role="option"
      id="field-${index}"
      data-index=${index}
      data-kind=${field.record === undefined ? 'header' : 'record'}
      aria-selected=${index === this.#marked ? 'true' : 'false'}
    >
      <code class="field-name">${field.name}</code>
      <span class="field-value">${field.content ? content(field.content, 120) : field.value}</span>
      <span class="quiet-words field-size">${
        bytes === 1
          ? text('bytes.one', { at: field.start })
          : text('bytes.from-to', { from: field.start, to: field.end - 1 })
      }</span>
    </li>`;
  }

  #mark(index: number, isPaged = true): void {
    this.#marked = index;
    const field = this.#fields[index];
    if (field && isPaged) this.#page = Math.floor(field.start / PAGE) * PAGE;
    this.requestUpdate();
  }

  #turn(by: number): void {
    this.#page = Math.max(0, this.#page + by);
    this.requestUpdate();
  }

  #onHover = (event: Event) => {
    const at = (event.target as HTMLElement).dataset['at'];
    if (at === undefined) return;
    const field = this.#fieldAt(Number(at));
    const index = field ? this.#fields.indexOf(field) : -1;
    if (index < 0) return;
    this.#mark(index, false);
    this.#showMarked();
  };

  #onListHover = (event: Event) => {
    const item = (event.target as HTMLElement).closest<HTMLElement>('[role="option"]');
    if (item) this.#mark(Number(item.dataset['index']), event.type === 'click');
  };

  #onKey = (event: KeyboardEvent) => {
    const last = this.#fields.length - 1;
    const to = { ArrowDown: this.#marked + 1, ArrowUp: this.#marked - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#mark(Math.min(last, Math.max(0, to)));
    this.#showMarked();
  };

  /** Scrolls the list, and only the list: the page stays where the reader has it. */
  #showMarked(): void {
    void this.updateComplete.then(() => {
      const list = this.querySelector<HTMLElement>('.fields');
      const item = list?.querySelector<HTMLElement>('[aria-selected="true"]');
      if (!list || !item) return;
      const above = item.offsetTop < list.scrollTop;
      const below = item.offsetTop + item.offsetHeight > list.scrollTop + list.clientHeight;
      if (above || below) list.scrollTop = item.offsetTop - list.clientHeight / 3;
    });
  }
}
