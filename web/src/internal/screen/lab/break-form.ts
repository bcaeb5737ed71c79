/** Faults at the touch of a button, each with the line of a script that it is; and any other line. */

import { html, nothing } from 'lit';
import { failureOf, type Failure } from '../../failure.js';
import { BREAKAGES, readDuration, type Breakage, type Target } from '../../lab/commands.js';
import { moment } from '../../lab/moment.js';
import { text, textIfKnown } from '../../locale.js';
import { failureWords, shownText } from '../fragments.js';
import { guardComposition } from '../part.js';
import { LabScreen } from './lab-screen.js';

export class BreakForm extends LabScreen {
  #broker = 1;
  #visitor = 1;
  #duration = '2s';
  #isDurationWrong = false;
  #isBusy = false;
  #failure: Failure | undefined;
  #done: { line: string; at: number } | undefined;

  override render() {
    const { branch } = this;
    if (!branch) return nothing;
    const target = { broker: this.#broker, visitor: this.#visitor, duration: this.#duration };
    return html`
      <section class="card break" aria-labelledby="break-title">
        <header class="card-bar"><h2 id="break-title">${text('break.title')}</h2></header>
        <p class="quiet-words">${text('break.words')}</p>
        ${this.#targets()}
        <ul class="breakages">
          ${BREAKAGES.map(breakage => this.#breakage(breakage, target))}
        </ul>
        <form class="row free" @submit=${this.#onLine} @keydown=${guardComposition}>
          <label class="grow">
            <span>${text('break.line')}</span>
            <input
              name="line"
              dir="ltr"
              required
              maxlength="4096"
              autocomplete="off"
              autocapitalize="off"
              spellcheck="false"
              aria-describedby="line-hint ${this.#failure ? 'line-failure' : ''}"
              aria-invalid=${this.#failure ? 'true' : nothing}
            />
          </label>
          <button ?disabled=${this.#isStill}>${text('break.do')}</button>
          <p class="quiet-words" id="line-hint">${text('break.line.hint')}</p>
        </form>
        ${this.#outcome()}
      </section>
    `;
  }

  /** Nothing happens any more in a world that is over. */
  get #isStill(): boolean {
    return this.#isBusy || this.branch!.isOver;
  }

  #targets() {
    const { brokers, visitors } = this.branch!.state;
    return html`<div class="row targets">
      <label class="narrow">
        <span>${text('break.broker')}</span>
        <select name="broker" @change=${(event: Event) => this.#aim({ broker: numberOf(event) })}>
          ${brokers.map(({ id }) => html`<option value=${id} .selected=${id === this.#broker}>${id}</option>`)}
        </select>
      </label>
      <label class="grow">
        <span>${text('break.visitor')}</span>
        <select name="visitor" @change=${(event: Event) => this.#aim({ visitor: numberOf(event) })}>
          ${visitors.map(({ index }) => html`<option value=${index} .selected=${index === this.#visitor}>visitor-${index}</option>`)}
        </select>
      </label>
      <label class="narrow">
        <span>${text('break.for')}</span>
        <input
          name="duration"
          value="2s"
          autocomplete="off"
          aria-invalid=${this.#isDurationWrong ? 'true' : nothing}
          aria-describedby=${this.#isDurationWrong ? 'duration-wrong' : nothing}
          @input=${this.#onDuration}
        />
      </label>
      ${
        this.#isDurationWrong
          ? html`<p class="failure" id="duration-wrong"><span aria-hidden="true">!</span> ${text('break.for.wrong')}</p>`
          : nothing
      }
    </div>`;
  }

  #breakage(breakage: Breakage, target: Target) {
    const line = breakage.line(target);
    const isAimless =
      (breakage.name === 'cut' || breakage.name === 'reset') && this.branch!.state.visitors.length === 0;
    return html`<li>
      <button
        class="small"
        id="break-${breakage.name}"
        title=${textIfKnown(`fault.${breakage.code}`) ?? nothing}
        aria-describedby="line-${breakage.name}"
        ?disabled=${this.#isStill || this.#isDurationWrong || isAimless}
        @click=${() => this.#command(line)}
      >
        ${text(`break.${breakage.name}`)}
      </button>
      <code id="line-${breakage.name}" dir="ltr">${line}</code>
    </li>`;
  }

  #outcome() {
    if (this.#failure)
      return html`<p class="failure" id="line-failure"><span aria-hidden="true">!</span> ${failureWords(this.#failure)}</p>`;
    if (!this.#done) return nothing;
    return html`<p class="done">
      <span aria-hidden="true">✓</span> ${text('break.done', { time: moment(this.#done.at, 3) })}
      <code dir="ltr">${shownText(this.#done.line, 200)}</code>
    </p>`;
  }

  #aim({ broker = this.#broker, visitor = this.#visitor }: { broker?: number; visitor?: number }): void {
    this.#broker = broker;
    this.#visitor = visitor;
    this.requestUpdate();
  }

  #onDuration = (event: Event) => {
    const duration = readDuration((event.target as HTMLInputElement).value);
    this.#isDurationWrong = duration === undefined;
    this.#duration = duration ?? this.#duration;
    this.requestUpdate();
  };

  #onLine = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    // Input methods for Chinese write these signs full-width.
    const line = String(new FormData(form).get('line')).replaceAll('；', ';').replaceAll('＞', '>').trim();
    if (line && (await this.#command(line))) form.reset();
  };

  async #command(line: string): Promise<boolean> {
    const { branch, lab } = this;
    if (!branch || this.#isBusy) return false;
    this.#isBusy = true;
    this.#failure = this.#done = undefined;
    this.requestUpdate();
    try {
      await branch.command(line);
      this.#done = { line, at: branch.state.now };
      lab.notices.speak({ key: 'notice.lab-commanded', of: { line } });
      return true;
    } catch (error) {
      this.#failure = failureOf(error);
      lab.notices.speak({ failure: this.#failure });
      return false;
    } finally {
      this.#isBusy = false;
      this.requestUpdate();
    }
  }
}

function numberOf(event: Event): number {
  return Number((event.target as HTMLSelectElement).value);
}
