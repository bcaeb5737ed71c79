/** The broker's request path, drawn as a loop: in along the top, back along the bottom. */

import { html, nothing } from 'lit';
import { number } from '../format.js';
import { text } from '../locale.js';
import { occupancy, STAGES, type Stage } from '../model.js';
import { Screen } from './screen.js';

export class RequestPath extends Screen {
  override render() {
    const { live } = this.session;
    const model = live.shown;
    const now = occupancy(model);
    const open = [...model.requests.values()].filter(request => request.sent === undefined).length;
    return html`
      <section class="card path" aria-labelledby="path-title">
        <header class="card-bar">
          <h2 id="path-title">${text('path.title')}</h2>
          <p class="quiet-words">
            ${text('path.sum', { open, answered: model.passed.sender })}
            ${model.missed > 0n ? html`<strong>${text('path.missed', { count: model.missed })}</strong>` : nothing}
          </p>
          <button aria-pressed=${live.isHeld} @click=${() => live.hold(!live.isHeld)}>
            <span aria-hidden="true">${live.isHeld ? '▶' : '❙❙'}</span> ${live.isHeld ? text('path.go') : text('path.hold')}
          </button>
        </header>
        <ol class="stages">
          ${STAGES.map(stage => this.#stage(stage, now[stage], model.passed[stage]))}
        </ol>
      </section>
    `;
  }

  #stage(stage: Stage, now: number, passed: number) {
    return html`<li class="stage" data-stage=${stage} ?data-busy=${now > 0 && stage !== 'acceptor'}>
      <span class="stage-name">${text(`stage.${stage}`)}</span>
      <span class="stage-role">${text(`stage.${stage}.role`)}</span>
      <span class="stage-counts">
        <span class="now"><b>${number(now)}</b> ${text(stage === 'acceptor' ? 'path.open' : 'path.now')}</span>
        <span class="passed">${text('path.passed', { count: passed })}</span>
      </span>
    </li>`;
  }
}
