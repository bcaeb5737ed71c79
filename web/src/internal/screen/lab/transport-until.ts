/** Moving time to something: a moment, the next fault, the next event of a kind or a name. */

import { html, nothing } from 'lit';
import { KINDS, KIND_NAMES, type Kind } from '../../lab/kinds.js';
import { readMoment } from '../../lab/moment.js';
import { tell } from '../../lab/speech.js';
import { text } from '../../locale.js';
import { guardComposition } from '../part.js';
import { LabScreen } from './lab-screen.js';

export class TransportUntil extends LabScreen {
  #isWrong = false;

  override render() {
    const { branch } = this;
    if (!branch) return nothing;
    return html`
      <div class="row until">
        <form class="row" @submit=${this.#onGoTo} @keydown=${guardComposition}>
          <label>
            <span>${text('transport.goto')}</span>
            <input
              name="goto"
              autocomplete="off"
              spellcheck="false"
              placeholder="12.5 s"
              aria-describedby=${this.#isWrong ? 'goto-wrong' : 'goto-hint'}
              aria-invalid=${this.#isWrong ? 'true' : nothing}
            />
          </label>
          <button>${text('transport.goto.button')}</button>
          <span class="visually-hidden" id="goto-hint">${text('transport.goto.hint')}</span>
        </form>
        <form class="row" @submit=${this.#onRun}>
          <label class="grow">
            <span>${text('transport.until')}</span>
            <select name="until" id="until">
              ${KIND_NAMES.map(kind => group(kind))}
            </select>
          </label>
          <button ?disabled=${branch.isOver}>${text('transport.until.button')}</button>
        </form>
        <p class="keys quiet-words" aria-hidden="true">
          <kbd>Space</kbd> ${text('transport.play')} <kbd>←</kbd> <kbd>→</kbd> ${text('transport.keys.step')}
        </p>
      </div>
      ${
        this.#isWrong
          ? html`<p class="failure" id="goto-wrong"><span aria-hidden="true">!</span> ${text('transport.goto.wrong')}</p>`
          : nothing
      }
    `;
  }

  #onGoTo = (event: SubmitEvent) => {
    event.preventDefault();
    const at = readMoment(String(new FormData(event.target as HTMLFormElement).get('goto')));
    this.#isWrong = at === undefined;
    this.requestUpdate();
    if (at !== undefined && this.branch) void tell(this.lab, this.branch, this.branch.seek(at));
  };

  #onRun = (event: SubmitEvent) => {
    event.preventDefault();
    const chosen = String(new FormData(event.target as HTMLFormElement).get('until'));
    const names = Object.hasOwn(KINDS, chosen) ? KINDS[chosen as Kind] : [chosen];
    if (this.branch) void tell(this.lab, this.branch, this.branch.runTo(names), true);
  };
}

/** The kind as a whole, and each of its events where there are several. */
function group(kind: Kind) {
  const label = text(`kind.${kind}`);
  const names = KINDS[kind];
  if (names.length <= 2) return html`<option value=${kind}>${label}</option>`;
  return html`<optgroup label=${label}>
    <option value=${kind}>${text('transport.kind', { kind: label })}</option>
    ${names.map(name => html`<option value=${name}>${name}</option>`)}
  </optgroup>`;
}
