/** Writes records to the selected topic: any key and value, null included. */

import { html, nothing } from 'lit';
import { failureOf, type Failure } from '../failure.js';
import { text } from '../locale.js';
import type { NewRecord, Produced, ProduceRequest, Topic } from '../../public/types.js';
import { failureWords } from './fragments.js';
import { guardComposition, Screen } from './screen.js';

const COMPRESSIONS = ['none', 'gzip', 'snappy', 'lz4'] as const;
const ACKS = [-1, 1, 0] as const;

export class ProduceForm extends Screen {
  #headers = 0;
  #isKeyNull = false;
  #isValueNull = false;
  #failure: Failure | undefined;
  #produced: Produced | undefined;
  #isBusy = false;

  override render() {
    const topic = this.session.live.topics.find(({ name }) => name === this.session.selected);
    if (!topic || !this.session.canWrite) return nothing;
    return html`
      <section class="card produce" aria-labelledby="produce-title">
        <header class="card-bar"><h2 id="produce-title">${text('produce.title')}</h2></header>
        <form @submit=${this.#onSubmit} @keydown=${this.#onKey}>
          ${this.#routing(topic)} ${this.#content()} ${this.#headerRows()}
          <p class="buttons">
            <button class="primary" ?disabled=${this.#isBusy}>${text('produce.button')}</button>
            <span class="hint"><kbd>Ctrl</kbd> + <kbd>Enter</kbd></span>
          </p>
        </form>
        ${this.#outcome()}
      </section>
    `;
  }

  #routing(topic: Topic) {
    return html`<div class="row">
      <label class="grow">
        <span>${text('produce.partition')}</span>
        <select name="partition">
          ${topic.partitions.map(({ partition }) => html`<option value=${partition}>${partition}</option>`)}
        </select>
      </label>
      <label class="grow">
        <span>${text('produce.compression')}</span>
        <select name="compression">
          ${COMPRESSIONS.map(name => html`<option value=${name}>${name}</option>`)}
        </select>
      </label>
      <label class="grow">
        <span>acks</span>
        <select name="acks">
          ${ACKS.map(acks => html`<option value=${acks}>${acks === -1 ? 'all' : acks}</option>`)}
        </select>
      </label>
    </div>`;
  }

  #content() {
    return html`
      ${this.#text('key', text('produce.key'), this.#isKeyNull, 1, isNull => (this.#isKeyNull = isNull))}
      ${this.#text('value', text('produce.value'), this.#isValueNull, 3, isNull => (this.#isValueNull = isNull))}
    `;
  }

  #text(name: string, label: string, isNull: boolean, rows: number, setNull: (isNull: boolean) => void) {
    const onNull = (event: Event) => {
      setNull((event.target as HTMLInputElement).checked);
      this.requestUpdate();
    };
    return html`<div class="field">
      <div class="field-bar">
        <label for="produce-${name}">${label}</label>
        <label class="check">
          <input type="checkbox" name="${name}-null" .checked=${isNull} @change=${onNull} />
          <span>${name === 'value' ? text('produce.tombstone') : 'null'}</span>
        </label>
      </div>
      <textarea
        id="produce-${name}"
        name=${name}
        rows=${rows}
        dir="auto"
        autocomplete="off"
        spellcheck="false"
        ?disabled=${isNull}
      ></textarea>
    </div>`;
  }

  #headerRows() {
    return html`<fieldset class="headers">
      <legend>${text('produce.headers')}</legend>
      ${Array.from(
        { length: this.#headers },
        (_, index) =>
          html`<div class="row">
            <input name="header-name" aria-label=${text('produce.header.name', { number: index + 1 })} autocomplete="off" />
            <input name="header-value" aria-label=${text('produce.header.value', { number: index + 1 })} autocomplete="off" />
          </div>`,
      )}
      <p class="buttons">
        <button type="button" class="small" @click=${() => this.#resizeHeaders(1)}>${text('produce.header.add')}</button>
        ${
          this.#headers > 0
            ? html`<button type="button" class="small" @click=${() => this.#resizeHeaders(-1)}>
              ${text('produce.header.remove')}
            </button>`
            : nothing
        }
      </p>
    </fieldset>`;
  }

  #outcome() {
    if (this.#failure)
      return html`<p class="failure"><span aria-hidden="true">!</span> ${failureWords(this.#failure)}</p>`;
    if (!this.#produced) return nothing;
    const { partition, baseOffset } = this.#produced;
    return html`<p class="done">
      <span aria-hidden="true">✓</span>
      ${
        baseOffset < 0n
          ? text('produce.sent', { partition })
          : text('produce.stored', { partition, offset: baseOffset })
      }
    </p>`;
  }

  #resizeHeaders(by: 1 | -1): void {
    this.#headers += by;
    this.requestUpdate();
    if (by > 0)
      void this.updateComplete.then(() =>
        [...this.querySelectorAll<HTMLElement>('[name="header-name"]')].at(-1)?.focus(),
      );
  }

  #onKey = (event: KeyboardEvent) => {
    guardComposition(event);
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.defaultPrevented) {
      event.preventDefault();
      (event.currentTarget as HTMLFormElement).requestSubmit();
    }
  };

  #onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    const request = this.#request(new FormData(event.target as HTMLFormElement));
    if (!request || this.#isBusy) return;
    this.#isBusy = true;
    this.#failure = this.#produced = undefined;
    this.requestUpdate();
    try {
      this.#produced = await this.session.cluster?.produce(request);
      this.session.notices.speak({
        key: 'notice.produced',
        of: { topic: request.topic, partition: String(request.partition) },
      });
    } catch (error) {
      this.#failure = failureOf(error);
      this.session.notices.speak({ failure: this.#failure });
    }
    this.#isBusy = false;
    this.requestUpdate();
  };

  #request(form: FormData): ProduceRequest | undefined {
    const topic = this.session.selected;
    if (topic === undefined) return undefined;
    const names = form.getAll('header-name');
    const values = form.getAll('header-value');
    const record: NewRecord = {
      key: this.#isKeyNull ? null : String(form.get('key') ?? ''),
      value: this.#isValueNull ? null : String(form.get('value') ?? ''),
      headers: names.map((name, index) => [String(name), String(values[index] ?? '')]),
    };
    return {
      topic,
      partition: Number(form.get('partition')),
      compression: String(form.get('compression')) as (typeof COMPRESSIONS)[number],
      acks: Number(form.get('acks')) as (typeof ACKS)[number],
      records: [record],
    };
  }
}
