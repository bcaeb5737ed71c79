/** Turns the visitor's own movements into records, while the visitor wants that. */

import { html, nothing } from 'lit';
import { number } from '../format.js';
import { text } from '../locale.js';
import { POINTER_TOPIC, PointerSource, RECORDS_PER_SECOND_MAX } from '../pointer.js';
import { failureWords } from './fragments.js';
import { Screen } from './screen.js';

export class PointerSwitch extends Screen {
  readonly #source = new PointerSource();

  protected override sources() {
    return [this.session, this.#source];
  }

  override willUpdate(): void {
    // Its cluster is gone: what would be recorded has nowhere to go.
    if (!this.session.canWrite && this.#source.isOn) this.#source.stop();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#source.stop();
  }

  override render() {
    const { isOn, stored, dropped, failure } = this.#source;
    return html`
      <section class="card pointer" aria-labelledby="pointer-title" ?data-on=${isOn}>
        <header class="card-bar">
          <h2 id="pointer-title">${text('pointer.title')}</h2>
          <button
            class="switch"
            role="switch"
            aria-checked=${isOn ? 'true' : 'false'}
            aria-labelledby="pointer-title"
            aria-describedby="pointer-words"
            ?disabled=${!this.session.canWrite}
            @click=${this.#toggle}
          >
            <span class="thumb" aria-hidden="true"></span>
            <span class="switch-words" aria-hidden="true">${isOn ? text('pointer.on') : text('pointer.off')}</span>
          </button>
        </header>
        <p class="quiet-words" id="pointer-words">
          ${text('pointer.words', { topic: POINTER_TOPIC, rate: RECORDS_PER_SECOND_MAX })}
        </p>
        ${
          stored > 0 || isOn
            ? html`<p class="pointer-counts">
              <span>${text('pointer.stored', { count: stored })}</span>
              ${dropped > 0 ? html`<span class="quiet-words">${text('pointer.dropped', { dropped: number(dropped) })}</span>` : nothing}
            </p>`
            : nothing
        }
        ${failure ? html`<p class="failure"><span aria-hidden="true">!</span> ${failureWords(failure)}</p>` : nothing}
        ${
          isOn
            ? html`<p class="buttons"><button class="small" @click=${this.#toggle}><span aria-hidden="true">❙❙</span> ${text('pointer.pause')}</button></p>`
            : nothing
        }
      </section>
    `;
  }

  #toggle = async () => {
    if (this.#source.isOn) return this.#source.stop();
    const { cluster } = this.session;
    if (!cluster) return;
    await this.#source.start(cluster, window);
    await this.session.live.lookAtTopics();
    if (this.#source.isOn) this.session.select(POINTER_TOPIC);
  };
}
