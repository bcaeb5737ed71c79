/** Where in time the world stands, and how it is moved. */

import { html, nothing, type TemplateResult } from 'lit';
import { SPEEDS, type Branch, type Speed, type Stop } from '../../lab/branch.js';
import { moment } from '../../lab/moment.js';
import { tell } from '../../lab/speech.js';
import { text } from '../../locale.js';
import { LabScreen } from './lab-screen.js';

/** Filled shapes in a square of 16: fonts draw the signs of recorders as they like. */
const SHAPES = {
  start: 'M2 3h2v10H2zM14 3v10L5 8z',
  back: 'M11 3v10L3 8zM12 3h2v10h-2z',
  play: 'M4 2v12l10-6z',
  pause: 'M3 3h4v10H3zM9 3h4v10H9z',
  step: 'M2 3h2v10H2zM5 3v10l8-5z',
  end: 'M2 3v10l9-5zM12 3h2v10h-2z',
};

export class Transport extends LabScreen {
  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('keydown', this.#onKeyAnywhere);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('keydown', this.#onKeyAnywhere);
  }

  override render() {
    const { branch } = this;
    if (!branch) return nothing;
    const { activity, state, isOver } = branch;
    const isPlaying = activity.kind === 'playing';
    const atStart = state.now === 0 && state.step === 0;
    return html`
      <section class="card transport" aria-labelledby="transport-title" aria-describedby="transport-keys" @keydown=${this.#onKey}>
        <h2 class="visually-hidden" id="transport-title" tabindex="-1">${text('transport.title')}</h2>
        <p class="visually-hidden" id="transport-keys">${text('transport.keys')}</p>
        <div class="row deck">
          <div class="buttons recorder">
            ${this.#button('start', atStart, () => branch.seek(0))}
            ${this.#button('back', atStart, () => branch.stepBack())}
            ${
              isPlaying
                ? this.#button('pause', false, () => branch.pause(), 'primary')
                : this.#button('play', isOver, () => this.#play(branch), 'primary')
            }
            ${this.#button('step', isOver, () => branch.step())} ${this.#button('end', isOver, () => branch.runToEnd())}
          </div>
          <label class="speed">
            <span class="visually-hidden">${text('transport.speed')}</span>
            <select id="speed" @change=${this.#onSpeed}>
              ${SPEEDS.map(
                speed =>
                  html`<option value=${speed} .selected=${speed === branch.speed}>
                    ${speed === 'fastest' ? text('transport.speed.fastest') : `${speed}×`}
                  </option>`,
              )}
            </select>
          </label>
          <p class="clock">
            <span class="visually-hidden">${text('transport.now')}</span>
            <output id="now">${moment(state.now)}</output>
            <span class="quiet-words" data-phase=${state.phase}>
              ${state.violation ? text('transport.state.violated') : text(`phase.${state.phase}`)}
            </span>
          </p>
        </div>
        <ottla-transport-slider .lab=${this.lab}></ottla-transport-slider>
        ${this.#going(branch)}
        <ottla-transport-until .lab=${this.lab}></ottla-transport-until>
      </section>
    `;
  }

  #button(name: keyof typeof SHAPES, isDisabled: boolean, move: () => Promise<Stop>, look = '') {
    return html`<button
      class=${look}
      id="transport-${name}"
      title=${text(`transport.${name}`)}
      ?disabled=${isDisabled}
      @click=${() => this.#move(move())}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d=${SHAPES[name]} /></svg>
      <span class=${look === 'primary' ? '' : 'visually-hidden'}>${text(`transport.${name}`)}</span>
    </button>`;
  }

  /** Shown for what takes long enough to be called off. */
  #going(branch: Branch): TemplateResult | typeof nothing {
    const { activity, state } = branch;
    if (activity.kind !== 'going') return nothing;
    const { from, to } = activity;
    const isForward = to !== undefined && to > from;
    return html`<p class="job going">
      <span>
        ${
          to === undefined
            ? text('transport.running', { time: moment(state.now, 3) })
            : text('transport.going', { time: moment(to, 3) })
        }
      </span>
      <progress
        aria-label=${text('transport.state.going')}
        max=${isForward ? to - from : nothing}
        value=${isForward ? Math.max(0, state.now - from) : nothing}
      ></progress>
      <button class="small" id="stop-here" @click=${() => this.#move(branch.pause())}>${text('transport.cancel')}</button>
    </p>`;
  }

  #play(branch: Branch): Promise<Stop> {
    this.lab.notices.speak({ key: 'notice.lab-playing', of: {} });
    return branch.play();
  }

  #toggle(branch: Branch): void {
    if (branch.activity.kind === 'playing') this.#move(branch.pause());
    else if (!branch.isOver) this.#move(this.#play(branch));
  }

  #move(way: Promise<Stop>): void {
    void tell(this.lab, this.branch!, way);
  }

  #onSpeed = (event: Event) => this.branch?.setSpeed((event.target as HTMLSelectElement).value as Speed);

  /** Where nothing has the focus, Space is the bar's too. */
  #onKeyAnywhere = (event: KeyboardEvent) => {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    if (event.key !== ' ' || event.target !== document.body || !isPlain || !this.branch) return;
    event.preventDefault();
    this.#toggle(this.branch);
  };

  /** Keys of the whole bar, except where a control has a use of its own for them. */
  #onKey = (event: KeyboardEvent) => {
    const { branch } = this;
    const target = event.target as HTMLElement;
    if (!branch || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.matches('input:not([type="range"]), select')) return;
    if (event.key === ' ' && !target.matches('button')) {
      event.preventDefault();
      this.#toggle(branch);
    } else if (event.key === 'ArrowRight' && !branch.isOver) {
      event.preventDefault();
      this.#move(branch.step());
    } else if (event.key === 'ArrowLeft') {
      event.preventDefault();
      this.#move(branch.stepBack());
    }
  };
}
