/** Where the records lie, how much room they take, whether they are kept, and the file they fit in. */

import { html, nothing } from 'lit';
import { number, size } from '../format.js';
import { text } from '../locale.js';
import { confirm } from './dialog.js';
import { Screen } from './screen.js';

const LOOK_EVERY = 2_000;

export class StoragePanel extends Screen {
  #usage: number | undefined;
  #quota: number | undefined;
  #isPersisted: boolean | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#look();
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  override render() {
    const durability = this.session.canWrite ? this.session.live.status?.durability : undefined;
    return html`
      <section class="card storage" aria-labelledby="storage-title">
        <header class="card-bar"><h2 id="storage-title">${text('storage.title')}</h2></header>
        ${this.#facts()} ${this.#job()}
        <p class="buttons">
          ${
            this.#isPersisted === false
              ? html`<button class="small" @click=${this.#persist}>${text('storage.persist')}</button>`
              : nothing
          }
          <button class="small" ?disabled=${this.session.job !== undefined} @click=${this.#export}>
            ${text('storage.export')}
          </button>
          <button class="small" ?disabled=${this.session.job !== undefined} @click=${this.#pick}>
            ${text('storage.import')}
          </button>
          <input type="file" id="import-file" accept=".tar,application/x-tar" hidden @change=${this.#onFile} />
        </p>
        ${
          this.session.canWrite
            ? html`<p class="buttons">
              <button class="small danger" @click=${this.#reset}>${text('storage.reset')}</button>
              <button class="small danger" @click=${this.#delete}>${text('storage.delete')}</button>
            </p>`
            : nothing
        }
        ${durability ? html`<p class="quiet-words" id="durability">${text(`storage.durability.${durability}`)}</p>` : nothing}
        <p class="quiet-words">${text('storage.words')}</p>
      </section>
    `;
  }

  #facts() {
    const { cluster, live } = this.session;
    const { status } = live;
    return html`<dl>
      <dt>${text('storage.where')}</dt>
      <dd>${text(`storage.kind.${cluster?.storage ?? 'indexeddb'}`)}</dd>
      ${
        status
          ? html`<dt>${text('storage.stored')}</dt>
            <dd>${size(status.storedBytes)}</dd>
            <dt>${text('storage.hot')}</dt>
            <dd>${size(status.hotBytes)}</dd>`
          : nothing
      }
      ${
        this.#usage !== undefined && this.#quota !== undefined
          ? html`<dt>${text('storage.usage')}</dt>
            <dd>${text('storage.usage.of', { usage: size(this.#usage), quota: size(this.#quota) })}</dd>`
          : nothing
      }
      <dt>${text('storage.kept')}</dt>
      <dd id="persisted">${this.#keptWords()}</dd>
      ${
        status
          ? html`<dt>${text('storage.state')}</dt>
            <dd>${text(`state.${status.state === 'online' ? 'running' : status.state}`)}</dd>`
          : nothing
      }
    </dl>`;
  }

  #keptWords() {
    if (this.session.cluster?.storage === 'memory') return text('storage.kept.memory');
    if (this.#isPersisted === undefined) return text('storage.kept.unknown');
    return this.#isPersisted ? text('storage.kept.yes') : text('storage.kept.no');
  }

  #job() {
    const { job } = this.session;
    if (!job) return nothing;
    const label = text(`storage.job.${job.kind}`);
    return html`<p class="job">
      <label for="job">${label}</label>
      <progress id="job" max=${job.total || nothing} value=${job.total ? job.done : nothing}></progress>
      <span>${job.total ? `${number(Math.floor((100 * job.done) / job.total))} %` : ''}</span>
    </p>`;
  }

  async #look(): Promise<void> {
    if (document.hidden || !navigator.storage) return;
    try {
      const { usage, quota } = await navigator.storage.estimate();
      this.#usage = usage;
      this.#quota = quota;
      this.#isPersisted = await navigator.storage.persisted();
    } catch {
      // Some private windows refuse to say: the facts stay out.
    }
    this.requestUpdate();
  }

  #persist = async () => {
    this.#isPersisted = await navigator.storage.persist();
    this.session.notices.say(this.#isPersisted ? 'notice.persisted' : 'notice.not-persisted');
    this.requestUpdate();
  };

  #export = async () => {
    const name = this.session.cluster?.name ?? 'cluster';
    const file = await this.session.export();
    if (!file) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([file], { type: 'application/x-tar' }));
    link.download = `ottla-${name}.tar`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.session.notices.say('notice.exported', { size: size(file.size) });
  };

  #pick = () => this.querySelector<HTMLInputElement>('#import-file')?.click();

  #onFile = async (event: Event) => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (!file) return;
    const isEmpty = this.session.live.topics.length === 0;
    const isSure =
      isEmpty ||
      (await confirm(this, {
        title: text('storage.import.title'),
        words: text('storage.import.words'),
        yes: text('storage.import.yes'),
      }));
    input.value = '';
    if (isSure) await this.session.import(file);
  };

  #reset = async () => {
    const question = {
      title: text('storage.reset.title'),
      words: text('storage.reset.words'),
      yes: text('storage.reset'),
    };
    if (await confirm(this, question)) await this.session.reset();
  };

  #delete = async () => {
    const question = {
      title: text('storage.delete.title'),
      words: text('storage.delete.words'),
      yes: text('storage.delete'),
    };
    if (await confirm(this, question)) await this.session.delete();
  };
}
