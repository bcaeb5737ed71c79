/** The chosen event with all its fields. */

import { html, nothing } from 'lit';
import { apiName } from '../../apis.js';
import { FLAGS, flagWords, whyWords } from '../../event-words.js';
import { number } from '../../format.js';
import { happened, topicNames, whoWords } from '../../lab/happened.js';
import { moment } from '../../lab/moment.js';
import { tell } from '../../lab/speech.js';
import { text, textIfKnown } from '../../locale.js';
import type { LabEvent } from '../../../public/types.js';
import { shownText } from '../fragments.js';
import { LabScreen } from './lab-screen.js';

const OWN = new Set(['number', 'at', 'who', 'index', 'name']);

export class EventDetail extends LabScreen {
  override render() {
    const { branch } = this;
    if (!branch) return nothing;
    const { chosen } = branch;
    if (!chosen) return html`<p class="quiet-words pick">${text('events.pick')}</p>`;
    const names = topicNames(branch);
    const fields = Object.entries(chosen).filter(([field]) => !OWN.has(field));
    return html`
      <section class="card event-detail" aria-labelledby="detail-title">
        <header class="card-bar">
          <h2 id="detail-title"><span class="quiet-words">${text('events.detail')}</span> <code>${shownText(chosen.name, 80)}</code></h2>
          ${
            chosen.at === branch.state.now
              ? nothing
              : html`<button class="small" id="go-there" @click=${() => this.#go(chosen)}>${text('events.go')}</button>`
          }
        </header>
        <p>${happened(chosen, names)}</p>
        <dl class="facts">
          ${fact(text('event.at'), moment(chosen.at))} ${fact(text('event.who'), whoWords(chosen))}
          ${fact(text('event.number'), number(chosen.number))}
          ${fields.map(([field, value]) => fact(html`<code>${field}</code>`, fieldWords(field, value, names)))}
        </dl>
      </section>
    `;
  }

  #go(event: LabEvent): void {
    if (this.branch) void tell(this.lab, this.branch, this.branch.seek(event.at));
  }
}

function fact(name: unknown, value: unknown) {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

/** A field's value, with what it stands for where that is known. */
function fieldWords(field: string, value: LabEvent[string], names: ReadonlyMap<string, string>) {
  if (typeof value === 'boolean' || FLAGS.includes(field)) return flagWords(value);
  const meaning = meaningOf(field, value, names);
  const shown = html`<code>${shownText(String(value), 400)}</code>`;
  return meaning === undefined ? shown : html`${shown} <span class="quiet-words">${shownText(meaning, 400)}</span>`;
}

function meaningOf(field: string, value: LabEvent[string], names: ReadonlyMap<string, string>): string | undefined {
  switch (field) {
    case 'topic':
      return names.get(String(value));
    case 'api_key':
      return apiName(Number(value));
    case 'why':
      return whyWords(String(value));
    case 'code':
      return textIfKnown(`fault.${value}`);
    default:
      return undefined;
  }
}
