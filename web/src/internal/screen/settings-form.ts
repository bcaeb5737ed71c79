/** The selected topic's configs: lower retention to make room, or change how it is stored. */

import { html, nothing } from 'lit';
import { failureOf, type Failure } from '../failure.js';
import { text, textIfKnown } from '../locale.js';
import type { ConfigEntry } from '../../public/types.js';
import { failureWords, shownText } from './fragments.js';
import { guardComposition, Screen } from './screen.js';

/** What makes room and what makes a write count come first. */
const FIRST = ['retention.ms', 'retention.bytes', 'segment.bytes', 'flush.messages', 'max.message.bytes'];
const SET_HERE = 'DYNAMIC_TOPIC_CONFIG';

export class SettingsForm extends Screen {
  #topic: string | undefined;
  #entries: ConfigEntry[] = [];
  #failure: Failure | undefined;
  #isBusy = false;

  override willUpdate(): void {
    const topic = this.session.live.topics.find(({ name }) => name === this.session.selected);
    if (topic?.id === this.#topic) return;
    this.#topic = topic?.id;
    this.#entries = [];
    this.#failure = undefined;
    if (topic) void this.#load(topic.name);
  }

  override render() {
    const { selected, canWrite } = this.session;
    if (!this.#topic || selected === undefined) return nothing;
    const first = FIRST.flatMap(name => this.#entries.filter(entry => entry.name === name));
    const rest = this.#entries.filter(({ name }) => !FIRST.includes(name));
    return html`
      <section class="card settings" aria-labelledby="settings-title">
        <details>
          <summary><h2 id="settings-title">${text('settings.title')}</h2></summary>
          <form @submit=${this.#onSubmit} @keydown=${guardComposition}>
            <p class="quiet-words">${text('settings.words')}</p>
            <div class="entries">${first.map(entry => this.#entry(entry))}</div>
            ${
              rest.length === 0
                ? nothing
                : html`<details class="more">
                  <summary>${text('settings.more', { count: rest.length })}</summary>
                  <div class="entries">${rest.map(entry => this.#entry(entry))}</div>
                </details>`
            }
            ${
              canWrite
                ? html`<p class="buttons">
                  <button class="primary" ?disabled=${this.#isBusy}>${text('settings.save')}</button>
                </p>`
                : nothing
            }
          </form>
          ${
            this.#failure
              ? html`<p class="failure"><span aria-hidden="true">!</span> ${failureWords(this.#failure)}</p>`
              : nothing
          }
        </details>
      </section>
    `;
  }

  #entry(entry: ConfigEntry) {
    const isSet = entry.source === SET_HERE;
    const id = `config-${entry.name}`;
    return html`<div class="entry">
      <label for=${id}><code>${entry.name}</code></label>
      <input
        id=${id}
        name=${entry.name}
        autocomplete="off"
        spellcheck="false"
        .value=${entry.value ?? ''}
        ?readonly=${entry.readOnly || !this.session.canWrite}
        aria-describedby="${id}-words"
      />
      ${
        isSet && this.session.canWrite
          ? html`<button type="button" class="small" @click=${() => this.#save({ [entry.name]: null })}>
            ${text('settings.default')}<span class="visually-hidden"> ${entry.name}</span>
          </button>`
          : html`<span class="quiet-words">${isSet ? text('settings.set') : text('settings.is-default')}</span>`
      }
      ${describedAs(id, entry)}
    </div>`;
  }

  #onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const edits: Record<string, string> = {};
    for (const { name, value, readOnly } of this.#entries) {
      const typed = String(form.get(name) ?? '').trim();
      if (!readOnly && typed !== (value ?? '')) edits[name] = typed;
    }
    if (Object.keys(edits).length > 0) void this.#save(edits);
  };

  async #save(edits: Record<string, string | null>): Promise<void> {
    const { cluster, selected } = this.session;
    if (!cluster || selected === undefined || this.#isBusy) return;
    this.#isBusy = true;
    this.requestUpdate();
    try {
      await cluster.alterConfigs(selected, edits);
      this.#failure = undefined;
      this.session.notices.say('notice.configured', { topic: selected });
      await this.#load(selected);
    } catch (error) {
      this.#failure = failureOf(error);
      this.session.notices.speak({ failure: this.#failure });
    }
    this.#isBusy = false;
    this.requestUpdate();
  }

  async #load(topic: string): Promise<void> {
    try {
      this.#entries = (await this.session.cluster?.configs(topic)) ?? [];
    } catch (error) {
      this.#failure = failureOf(error);
    }
    this.requestUpdate();
  }
}

/** What the setting means: the page's own words, or the broker's where it knows more settings than the page. */
function describedAs(id: string, { name, documentation }: ConfigEntry) {
  const words = textIfKnown(`config.${name}`);
  return words
    ? html`<p class="quiet-words" id="${id}-words">${words}</p>`
    : html`<p class="quiet-words" id="${id}-words" lang="en">${shownText(documentation, 600)}</p>`;
}
