/** The whole way as a line, with the faults that happened on it. */

import { html, nothing, svg } from 'lit';
import { moment } from '../../lab/moment.js';
import { tell } from '../../lab/speech.js';
import { text } from '../../locale.js';
import type { LabEvent } from '../../../public/types.js';
import { plainText } from '../../visible.js';
import { LabScreen } from './lab-screen.js';

const NUDGE = 100_000;
const LEAP = 5_000_000;

export class TransportSlider extends LabScreen {
  /** Where it is dragged to: the world follows as fast as it can. */
  #wanted: number | undefined;

  override render() {
    const { branch } = this;
    if (!branch) return nothing;
    const { length, state } = branch;
    const shown = this.#wanted ?? state.now;
    return html`
      <div class="line">
        <span class="quiet-words" aria-hidden="true">${moment(0, 0)}</span>
        <input
          type="range"
          id="slider"
          min="0"
          max=${length}
          step="1"
          .value=${String(shown)}
          aria-label=${text('transport.slider')}
          aria-valuetext=${moment(shown, 3)}
          @input=${this.#onInput}
          @change=${this.#onChange}
          @keydown=${this.#onKey}
        />
        <span class="quiet-words" aria-hidden="true">${moment(length, 0)}</span>
        <svg class="marks" role="img" aria-label=${text('transport.faults')} preserveAspectRatio="none" viewBox="0 0 1000 8">
          <rect class="gone" x="0" y="0" width=${part(state.end, length)} height="8" />
          ${branch.faults.map(fault => mark(part(fault.at, length), fault))}
          ${state.violation ? violated(part(state.violation.at, length)) : nothing}
        </svg>
      </div>
    `;
  }

  #seek(at: number): void {
    const { branch, lab } = this;
    if (!branch) return;
    this.#wanted = Math.min(branch.length, Math.max(0, at));
    const way = branch.seek(this.#wanted);
    void tell(lab, branch, way);
    void way.then(stop => {
      if (stop === 'superseded') return;
      this.#wanted = undefined;
      this.requestUpdate();
    });
  }

  #onInput = (event: Event) => {
    if (this.branch?.activity.kind === 'playing') void this.branch.pause();
    this.#seek(Number((event.target as HTMLInputElement).value));
  };

  #onChange = (event: Event) => {
    const at = Number((event.target as HTMLInputElement).value);
    if (at !== this.#wanted && at !== this.branch?.state.now) this.#seek(at);
  };

  #onKey = (event: KeyboardEvent) => {
    const { branch } = this;
    if (!branch) return;
    const from = this.#wanted ?? branch.state.now;
    const to = {
      ArrowLeft: from - NUDGE,
      ArrowDown: from - NUDGE,
      ArrowRight: from + NUDGE,
      ArrowUp: from + NUDGE,
      PageDown: from - LEAP,
      PageUp: from + LEAP,
      Home: 0,
      End: branch.length,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#seek(to);
  };
}

/** Along the line, in thousandths. */
function part(at: number, length: number): number {
  return (Math.min(at, length) / length) * 1_000;
}

function mark(x: number, { at, number, command }: LabEvent) {
  return svg`<rect class="fault" data-number=${number} x=${x - 1} y="0" width="2" height="8">
    <title>${moment(at, 3)} ${plainText(String(command), 120)}</title>
  </rect>`;
}

function violated(x: number) {
  return svg`<rect class="violated" x=${x - 2} y="0" width="4" height="8" />`;
}
