/** What happened last, in words, newest first; narrowed to one machine's kind or to what it is about. */

import { html, nothing } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import { happened, topicNames, whoWords } from '../../lab/happened.js';
import { KINDS, KIND_NAMES, type Kind } from '../../lab/kinds.js';
import { moment } from '../../lab/moment.js';
import { language, text } from '../../locale.js';
import type { LabEvent } from '../../../public/types.js';
import { LabScreen } from './lab-screen.js';

const WHO = ['all', 'broker', 'visitor', 'world'] as const;

export class EventList extends LabScreen {
  #who: (typeof WHO)[number] = 'all';
  #kind: Kind | 'all' = 'all';

  override render() {
    const { branch } = this;
    if (!branch) return nothing;
    const shown = this.#shown();
    const count = shown.length;
    const of = branch.events.length;
    return html`
      <section class="card happenings" aria-labelledby="events-title">
        <header class="card-bar">
          <h2 id="events-title">${text('events.title')}</h2>
          <p class="quiet-words">
            ${count === of ? text('events.sum', { count }) : text('events.shown', { count, of })}
          </p>
        </header>
        <div class="row controls">
          ${this.#whose()}
          <label>
            <span class="visually-hidden">${text('events.kind')}</span>
            <select id="events-kind" @change=${this.#onKind}>
              <option value="all" .selected=${this.#kind === 'all'}>${text('events.kind.all')}</option>
              ${KIND_NAMES.map(
                kind => html`<option value=${kind} .selected=${kind === this.#kind}>${text(`kind.${kind}`)}</option>`,
              )}
            </select>
          </label>
        </div>
        ${count > 0 ? this.#list(shown) : html`<p class="empty">${text(of > 0 ? 'events.none' : 'events.empty')}</p>`}
      </section>
    `;
  }

  #whose() {
    return html`<fieldset class="segments">
      <legend class="visually-hidden">${text('events.who')}</legend>
      ${WHO.map(
        who =>
          html`<label>
            <input
              type="radio"
              name="events-who"
              value=${who}
              .checked=${who === this.#who}
              @change=${() => this.#narrow(who)}
            /><span>${text(`events.who.${who}`)}</span>
          </label>`,
      )}
    </fieldset>`;
  }

  #list(events: LabEvent[]) {
    const chosen = this.branch?.chosen?.number;
    const names = topicNames(this.branch!);
    const isListed = events.some(({ number }) => number === chosen);
    return html`<ul
      class="happened"
      role="listbox"
      tabindex="0"
      aria-labelledby="events-title"
      aria-activedescendant=${isListed ? `happened-${chosen}` : nothing}
      @keydown=${this.#onKey}
    >
      ${guard([this.branch!.events, chosen, this.#who, this.#kind, language()], () =>
        repeat(
          events,
          ({ number }) => number,
          event =>
            html`<li
            role="option"
            id="happened-${event.number}"
            data-who=${event.who}
            data-name=${event.name}
            aria-selected=${event.number === chosen ? 'true' : 'false'}
            @click=${() => this.branch?.choose(event)}
          >
            <time>${moment(event.at)}</time>
            <span class="who">${whoWords(event)}</span>
            <span class="what">${happened(event, names)}</span>
          </li>`,
        ),
      )}
    </ul>`;
  }

  #shown(): LabEvent[] {
    const names: readonly string[] | undefined = this.#kind === 'all' ? undefined : KINDS[this.#kind];
    return this.branch!.events.filter(
      ({ who, name }) => (this.#who === 'all' || who === this.#who) && (names?.includes(name) ?? true),
    ).reverse();
  }

  #narrow(who: (typeof WHO)[number]): void {
    this.#who = who;
    this.requestUpdate();
  }

  #onKind = (event: Event) => {
    this.#kind = (event.target as HTMLSelectElement).value as Kind | 'all';
    this.requestUpdate();
  };

  #onKey = (event: KeyboardEvent) => {
    const { branch } = this;
    const events = this.#shown();
    const at = events.findIndex(({ number }) => number === branch?.chosen?.number);
    const last = events.length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: last }[
      event.key
    ];
    if (to === undefined || !branch) return;
    event.preventDefault();
    branch.choose(events[Math.min(last, Math.max(0, to))]);
    void this.updateComplete.then(() => this.#showChosen());
  };

  /** Scrolls the list, and only the list. */
  #showChosen(): void {
    const list = this.querySelector<HTMLElement>('.happened');
    const item = list?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (!list || !item) return;
    const above = item.offsetTop < list.scrollTop;
    const below = item.offsetTop + item.offsetHeight > list.scrollTop + list.clientHeight;
    if (above || below) list.scrollTop = item.offsetTop - list.clientHeight / 3;
  }
}
