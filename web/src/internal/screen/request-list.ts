/** The last requests: a table with the time in each stage, the same in words, and every event in words. */

import { html, nothing, type TemplateResult } from 'lit';
import { apiName } from '../apis.js';
import { eventWords, whyWords } from '../event-words.js';
import { clockStep, duration, number, size } from '../format.js';
import { text } from '../locale.js';
import { STAGES, stageTimes, type Request, type Stage } from '../model.js';
import type { TraceEvent } from '../../public/types.js';
import { Screen } from './screen.js';

const SHOWN = 12;
const EVENTS_SHOWN = 60;
const VIEWS = ['table', 'words', 'events'] as const;
type View = (typeof VIEWS)[number];

/** A request is received by its processor; the acceptor only takes connections. */
const TIMED: readonly Stage[] = STAGES.filter(stage => stage !== 'acceptor' && stage !== 'sender');

export class RequestList extends Screen {
  /** A table of eight columns is no help on a phone. */
  #view: View = globalThis.matchMedia?.('(max-width: 40rem)').matches ? 'words' : 'table';

  override render() {
    return html`
      <section class="card requests" aria-labelledby="requests-title">
        <header class="card-bar">
          <h2 id="requests-title">${text('requests.title')}</h2>
          <fieldset class="segments">
            <legend class="visually-hidden">${text('requests.view')}</legend>
            ${VIEWS.map(
              view =>
                html`<label>
                  <input
                    type="radio"
                    name="requests-view"
                    value=${view}
                    .checked=${view === this.#view}
                    @change=${() => this.#show(view)}
                  /><span>${text(`requests.view.${view}`)}</span>
                </label>`,
            )}
          </fieldset>
        </header>
        ${this.#view === 'events' ? this.#events() : this.#requests()}
        <p class="quiet-words">${text('requests.step', { step: number(clockStep() / 1000) })}</p>
      </section>
    `;
  }

  #show(view: View): void {
    this.#view = view;
    this.requestUpdate();
  }

  #requests() {
    const requests = [...this.session.live.shown.requests.values()].reverse().slice(0, SHOWN);
    if (requests.length === 0) return html`<p class="empty">${text('requests.empty')}</p>`;
    return this.#view === 'table' ? this.#table(requests) : this.#words(requests);
  }

  #table(requests: Request[]) {
    return html`<div class="scroll" tabindex="0" role="group" aria-labelledby="requests-title">
      <table>
        <thead>
          <tr>
            <th scope="col">${text('requests.request')}</th>
            ${TIMED.map(stage => html`<th scope="col" class="figure">${text(`stage.${stage}`)}</th>`)}
            <th scope="col" class="figure">${text('requests.total')}</th>
            <th scope="col">${text('requests.outcome')}</th>
          </tr>
        </thead>
        <tbody>
          ${requests.map(request => this.#row(request))}
        </tbody>
      </table>
    </div>`;
  }

  #row(request: Request) {
    const times = stageTimes(request);
    const at = request.sent === undefined ? request.path.at(-1)?.stage : undefined;
    return html`<tr>
      <th scope="row"><code>${apiName(request.apiKey)}</code> <span class="quiet-words">v${request.apiVersion}</span></th>
      ${TIMED.map(stage => {
        const time = times[stage];
        const words = time === undefined ? (stage === at ? text('requests.here') : '–') : duration(time, clockStep());
        return html`<td class="figure" ?data-here=${stage === at}>${words}</td>`;
      })}
      <td class="figure">${request.sent === undefined ? '' : duration(request.sent - request.received, clockStep())}</td>
      <td>${outcome(request)}</td>
    </tr>`;
  }

  #words(requests: Request[]) {
    return html`<ol class="words scroll" tabindex="0" aria-labelledby="requests-title">
      ${requests.map(request => html`<li>${requestWords(request)}</li>`)}
    </ol>`;
  }

  #events() {
    const events = this.session.live.shown.events.slice(-EVENTS_SHOWN).reverse();
    if (events.length === 0) return html`<p class="empty">${text('requests.empty')}</p>`;
    return html`<ol class="words events scroll" tabindex="0" aria-labelledby="requests-title">
      ${events.map(event => this.#event(event))}
    </ol>`;
  }

  #event(event: TraceEvent) {
    const names = new Map(this.session.live.topics.map(topic => [topic.id, topic.name]));
    return html`<li><time>${number(event.at / 1000)} ms</time> ${eventWords(event, names)}</li>`;
  }
}

function outcome(request: Request): TemplateResult | string {
  if (request.refused !== undefined) return html`<span class="bad">✕ <code>${request.refused}</code></span>`;
  if (request.sent === undefined)
    return request.waitsFor === undefined
      ? text('requests.open')
      : text('requests.waits', { why: whyWords(request.waitsFor) });
  return request.responseBytes > 0 ? html`✓ ${size(request.responseBytes)}` : text('requests.unanswered');
}

function requestWords(request: Request): TemplateResult {
  const times = stageTimes(request);
  const stages = TIMED.filter(stage => times[stage] !== undefined)
    .map(stage => text('requests.stage', { stage: text(`stage.${stage}`), time: duration(times[stage]!, clockStep()) }))
    .join(text('list.comma'));
  return html`<code>${apiName(request.apiKey)}</code> ${text('requests.words', {
    version: request.apiVersion,
    connection: request.connection,
    bytes: size(request.bytes),
  })}
    ${stages}${stages ? text('list.stop') : nothing} ${outcome(request)}`;
}
