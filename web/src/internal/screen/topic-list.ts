/** Every topic of the cluster, and the form that makes one. */

import { html, nothing } from 'lit';
import { failureOf, type Failure } from '../failure.js';
import { number, size } from '../format.js';
import { text } from '../locale.js';
import type { Topic } from '../../public/types.js';
import { failureWords } from './fragments.js';
import { guardComposition, Screen } from './screen.js';

export class TopicList extends Screen {
  #failure: Failure | undefined;
  #isBusy = false;

  override render() {
    const { topics } = this.session.live;
    return html`
      <section class="card topics" aria-labelledby="topics-title">
        <header class="card-bar">
          <h2 id="topics-title" tabindex="-1">${text('topics.title')}</h2>
          <span class="count">${number(topics.length)}</span>
        </header>
        ${
          topics.length === 0
            ? html`<p class="empty">${text(this.session.canWrite ? 'topics.empty' : 'topics.none')}</p>`
            : html`<ul class="topic-list">
              ${topics.map(topic => this.#topic(topic))}
            </ul>`
        }
        ${this.session.canWrite ? this.#form() : nothing}
      </section>
    `;
  }

  #topic(topic: Topic) {
    const isSelected = topic.name === this.session.selected;
    const records = topic.partitions.reduce((sum, part) => sum + (part.highWatermark - part.logStart), 0n);
    const bytes = topic.partitions.reduce((sum, part) => sum + part.bytes, 0);
    return html`<li>
      <button class="topic" aria-current=${isSelected ? 'true' : nothing} @click=${() => this.session.select(topic.name)}>
        <span class="topic-name">${topic.name}</span>
        <span class="quiet-words">
          ${text('topics.sum', { count: records, partitions: topic.partitions.length, size: size(bytes) })}
        </span>
      </button>
    </li>`;
  }

  #form() {
    return html`<form class="create" aria-labelledby="create-title" @submit=${this.#onSubmit} @keydown=${guardComposition}>
      <h3 id="create-title">${text('create.title')}</h3>
      <div class="row">
        <label class="grow">
          <span>${text('create.name')}</span>
          <input
            name="name"
            required
            maxlength="249"
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            aria-describedby=${this.#failure ? 'create-failure' : nothing}
            aria-invalid=${this.#failure ? 'true' : nothing}
          />
        </label>
        <label class="narrow">
          <span>${text('create.partitions')}</span>
          <input name="partitions" type="number" inputmode="numeric" min="1" value="3" required />
        </label>
        <button class="primary" ?disabled=${this.#isBusy}>${text('create.button')}</button>
      </div>
      ${
        this.#failure
          ? html`<p class="failure" id="create-failure"><span aria-hidden="true">!</span> ${failureWords(this.#failure)}</p>`
          : nothing
      }
    </form>`;
  }

  #onSubmit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const fields = new FormData(form);
    // The name goes to the broker as it was typed: what is wrong with it is Kafka's to say.
    const name = String(fields.get('name'));
    this.#update({ isBusy: true });
    try {
      await this.session.cluster?.createTopic({ name, partitions: Number(fields.get('partitions')) });
      form.reset();
      this.#update({});
      this.session.notices.say('notice.created', { topic: name });
      await this.session.live.lookAtTopics();
      this.session.select(name);
    } catch (error) {
      const failure = failureOf(error);
      this.#update({ failure });
      this.session.notices.speak({ failure });
    }
  };

  #update({ failure, isBusy = false }: { failure?: Failure; isBusy?: boolean }): void {
    this.#failure = failure;
    this.#isBusy = isBusy;
    this.requestUpdate();
  }
}
