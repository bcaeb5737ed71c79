/** The courses of events that are open, side by side: where each stands, and whether it differs from the one shown. */

import { html, nothing } from 'lit';
import { number } from '../../format.js';
import type { Branch } from '../../lab/branch.js';
import { moment } from '../../lab/moment.js';
import { text } from '../../locale.js';
import type { Changing } from '../../changing.js';
import { LabScreen } from './lab-screen.js';

export class BranchTable extends LabScreen {
  #unwatch: (() => void)[] = [];
  #watched: readonly Changing[] = [];

  override render() {
    const { branches, current } = this.lab;
    if (branches.length < 2 || !current) return nothing;
    const original = branches.find(({ origin }) => origin.number === 0);
    return html`
      <section class="card branches" aria-labelledby="branches-title">
        <header class="card-bar">
          <h2 id="branches-title">${text('branches.title')}</h2>
          <p class="quiet-words">${text('branches.words')}</p>
          <p class="buttons">
            ${
              original && original !== current
                ? html`<button class="small" id="back-to-original" @click=${() => this.lab.show(original)}>
                  ${text('branches.back')}
                </button>`
                : nothing
            }
            <button class="small" id="align" @click=${() => this.lab.align()}>
              ${text('branches.align', { time: moment(current.state.now, 3) })}
            </button>
          </p>
        </header>
        <div class="scroll" tabindex="0" role="group" aria-labelledby="branches-title">
          <table>
            <thead>
              <tr>
                <th scope="col">${text('branches.name')}</th>
                <th scope="col" class="figure">${text('branches.moment')}</th>
                <th scope="col" class="figure">${text('about.step')}</th>
                <th scope="col">${text('about.digest')}</th>
                <th scope="col">${text('branches.compare')}</th>
                <th scope="col">${text('branches.state')}</th>
                <th scope="col"><span class="visually-hidden">${text('branches.show')}</span></th>
              </tr>
            </thead>
            <tbody>
              ${branches.map(branch => this.#row(branch, current))}
            </tbody>
          </table>
        </div>
      </section>
    `;
  }

  override willUpdate(): void {
    super.willUpdate();
    if (this.#watched === this.lab.branches) return;
    this.#watched = this.lab.branches;
    for (const unwatch of this.#unwatch) unwatch();
    this.#unwatch = this.#watched.map(branch => branch.watch(() => this.requestUpdate()));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const unwatch of this.#unwatch) unwatch();
    this.#unwatch = [];
    this.#watched = [];
  }

  #row(branch: Branch, current: Branch) {
    const { state, origin } = branch;
    const isShown = branch === current;
    const { from } = origin;
    return html`<tr data-branch=${origin.number} ?data-shown=${isShown}>
      <th scope="row">
        ${nameOf(origin.number)}
        ${
          from
            ? html`<span class="quiet-words">${text('branches.left', { from: nameOf(from.number), time: moment(from.at, 3) })}</span>`
            : nothing
        }
      </th>
      <td class="figure">${moment(state.now)}</td>
      <td class="figure">${number(state.step)}</td>
      <td><code>${state.digest}</code></td>
      <td>${compared(branch, current)}</td>
      <td>
        ${state.violation ? html`<span class="bad">✕ <code>${state.violation.code}</code></span>` : text(`phase.${state.phase}`)}
      </td>
      <td>
        <p class="buttons">
          <button class="small" ?disabled=${isShown} @click=${() => this.lab.show(branch)}>
            ${isShown ? text('branches.shown') : text('branches.show')}
          </button>
          <button class="small" @click=${() => this.lab.drop(branch)}>${text('branches.close')}</button>
        </p>
      </td>
    </tr>`;
  }
}

function nameOf(branch: number): string {
  return branch === 0 ? text('branches.original') : text('branches.fork', { number: branch });
}

/** Only at the same moment do two ends tell something. */
function compared(branch: Branch, current: Branch): string {
  if (branch === current) return '–';
  if (branch.state.now !== current.state.now) return text('branches.elsewhere');
  const isSame = branch.state.digest === current.state.digest && branch.state.step === current.state.step;
  return isSame ? `= ${text('branches.same')}` : `≠ ${text('branches.differs')}`;
}
