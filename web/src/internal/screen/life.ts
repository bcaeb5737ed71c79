/** What stands in the page's place while no cluster runs, and what a broker without its storage asks for. */

import { html, nothing } from 'lit';
import { size } from '../format.js';
import { text, textIfKnown } from '../locale.js';
import { failureWords, shownText } from './fragments.js';
import { Screen } from './screen.js';

export class LifeScreen extends Screen {
  override render() {
    const { life } = this.session;
    switch (life.at) {
      case 'running':
        return this.#logDir();
      case 'starting':
        return this.#starting(life.done, life.total);
      case 'in-use':
        return this.#inUse();
      case 'failed':
        return html`<section class="card alarm" aria-labelledby="life-title">
          <h2 id="life-title">${text('life.failed')}</h2>
          <p>${failureWords(life.failure)}</p>
          ${this.#startButtons()}
        </section>`;
      case 'ended':
        return html`<section class="card alarm" aria-labelledby="life-title">
          <h2 id="life-title">${text('life.ended')}</h2>
          <p>${text(`ended.${life.ended.reason}`)}</p>
          ${life.ended.message ? html`<pre class="detail" lang="en">${shownText(life.ended.message, 2_000)}</pre>` : nothing}
          ${this.#startButtons()}
        </section>`;
      case 'deleted':
        return html`<section class="card" aria-labelledby="life-title">
          <h2 id="life-title">${text('life.deleted')}</h2>
          <p>${text('life.deleted.words')}</p>
          ${this.#startButtons()}
        </section>`;
    }
  }

  #starting(done: number, total: number) {
    const isRecovering = total > 0;
    return html`<section class="card" aria-labelledby="life-title">
      <h2 id="life-title">${text('life.starting')}</h2>
      <p>
        ${isRecovering ? text('life.recovering', { done: size(done), total: size(total) }) : text('life.starting.words')}
      </p>
      <progress
        aria-labelledby="life-title"
        max=${isRecovering ? total : nothing}
        value=${isRecovering ? done : nothing}
      ></progress>
    </section>`;
  }

  #startButtons() {
    return html`<p class="buttons">
      <button class="primary" @click=${() => this.session.start()}>${text('life.start')}</button>
    </p>`;
  }

  #inUse() {
    return html`<section class="card" role="dialog" aria-labelledby="life-title" aria-describedby="in-use-words">
      <h2 id="life-title">${text('in-use.title')}</h2>
      <p id="in-use-words">${text('in-use.words')}</p>
      <p class="buttons">
        <button class="primary" autofocus @click=${() => this.session.start('copy')}>${text('in-use.copy')}</button>
        <button @click=${() => this.session.start('read-only')}>${text('in-use.read-only')}</button>
        <button @click=${() => this.session.start()}>${text('in-use.again')}</button>
      </p>
    </section>`;
  }

  #logDir() {
    const { status } = this.session.live;
    const isReadOnlyView = this.session.cluster?.mode === 'read-only';
    if (isReadOnlyView) return html`<p class="banner" role="note">${text('life.read-only-view')}</p>`;
    if (!status || status.state === 'online') return nothing;
    const why = status.why ?? 'unknown';
    return html`<section class="banner alarm" aria-labelledby="life-title">
      <h2 id="life-title">${text(`state.${status.state}`)}</h2>
      <p class="why">${textIfKnown(`why.${why}`) ?? why} <code>${why}</code></p>
      <p>${text(`todo.${status.state}`)}</p>
      <p class="buttons">
        <button @click=${() => this.session.reopen()}>${text('life.reopen')}</button>
      </p>
    </section>`;
  }

  override updated(): void {
    // The question of the second tab is the only thing on the page: the keyboard starts there.
    if (this.session.life.at === 'in-use') this.querySelector<HTMLElement>('[autofocus]')?.focus();
  }
}
