/** A broken invariant: when, which, what it says, and what was found instead. And an engine that stopped. */

import { html, nothing } from 'lit';
import { moment } from '../../lab/moment.js';
import { text, textIfKnown } from '../../locale.js';
import { failureWords, shownText } from '../fragments.js';
import { LabScreen } from './lab-screen.js';

export class ViolationNote extends LabScreen {
  override render() {
    const { branch } = this;
    if (!branch) return nothing;
    if (branch.failure)
      return html`<section class="banner alarm" aria-labelledby="violation-title">
        <h2 id="violation-title">${text('violation.failed')}</h2>
        <p>${failureWords(branch.failure)}</p>
        <p class="buttons"><button @click=${() => this.lab.reopen()}>${text('violation.reopen')}</button></p>
      </section>`;
    const { violation } = branch.state;
    if (!violation) return nothing;
    const meaning = textIfKnown(`invariant.${violation.code}`);
    const sentence = meaning ?? textIfKnown(`anomaly.${violation.code}`);
    return html`<section class="banner alarm violation" aria-labelledby="violation-title">
      <h2 id="violation-title">${titleOf(violation.code)}</h2>
      ${sentence ? html`<p>${sentence}</p>` : nothing}
      <p>
        ${text('violation.at', { time: moment(violation.at) })}
        <span class="detail" lang="en">${shownText(violation.what, 1_000)}</span>
      </p>
      ${
        meaning
          ? html`<p class="buttons">
            <button class="small" @click=${() => this.#explain(violation.code)}>
              ${text('violation.means', { code: violation.code })}
            </button>
          </p>`
          : nothing
      }
    </section>`;
  }

  /** A fragment link would not find its target inside a shadow root. */
  #explain(code: string): void {
    const root = this.getRootNode() as ShadowRoot;
    const list = root.querySelector<HTMLDetailsElement>('#codes');
    if (list) list.open = true;
    const row = root.querySelector<HTMLElement>(`[data-code="${CSS.escape(code)}"]`);
    row?.scrollIntoView({ block: 'center' });
    row?.focus({ preventScroll: true });
  }
}

/** Codes of letters and digits are invariants; the others are what a history, or a script, found. */
function titleOf(code: string): string {
  if (code === 'expect') return text('violation.expect');
  return /^[A-Z]\d+$/.test(code) ? text('violation.title', { code }) : text('violation.anomaly', { code });
}
