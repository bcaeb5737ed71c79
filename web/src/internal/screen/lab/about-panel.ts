/** What is open: its seed, build, settings and script, and the ways to take it elsewhere. */

import { html, nothing } from 'lit';
import { number, size } from '../../format.js';
import type { Branch } from '../../lab/branch.js';
import { moment } from '../../lab/moment.js';
import { BRANCHES_MAX } from '../../lab/session.js';
import { LINK_LENGTH_WARNED } from '../../link.js';
import { text } from '../../locale.js';
import { shownText } from '../fragments.js';
import { LabScreen } from './lab-screen.js';

export class AboutPanel extends LabScreen {
  /** Where there is room for it. */
  readonly #isTextShown = globalThis.matchMedia?.('(min-width: 60rem)').matches;

  override render() {
    const { branch } = this;
    if (!branch) return nothing;
    const { state } = branch;
    const isFull = this.lab.branches.length >= BRANCHES_MAX;
    return html`
      <section class="card about" aria-labelledby="about-title">
        <header class="card-bar">
          <h2 id="about-title"><span class="quiet-words">${text('about.title')}</span> ${text('about.seed', { seed: state.seed })}</h2>
          <p class="buttons">
            <button class="small" id="fork" ?disabled=${isFull} @click=${() => this.lab.fork()}>${text('about.fork')}</button>
            <button class="small" id="save" @click=${this.#save}>${text('about.save')}</button>
            <button class="small" id="link" @click=${this.#copy}>${text('about.link')}</button>
          </p>
        </header>
        ${isFull ? html`<p class="quiet-words">${text('about.fork.full', { count: BRANCHES_MAX })}</p>` : nothing}
        ${this.#notes(branch)}
        <dl class="facts">
          ${fact(text('about.build'), html`<code>${shownText(state.build, 60)}</code>`)}
          ${fact(text('about.visitors'), number(state.visitors.length))}
          ${fact(text('about.duration'), moment(state.duration, 0))}
          ${fact(text('about.step'), html`<span id="step">${number(state.step)}</span>`)}
          ${fact(text('about.digest'), html`<code id="digest">${state.digest}</code>`)}
          ${fact(
            text('about.snapshots'),
            text('about.snapshots.sum', { count: state.snapshots.count, size: size(state.snapshots.bytes) }),
          )}
        </dl>
        <details ?open=${this.#isTextShown}>
          <summary>${text('about.text')}</summary>
          <pre class="script" tabindex="0" dir="ltr" aria-label=${text('about.text.label')}>${shownLines(this.lab.text ?? '')}</pre>
          <p class="buttons"><button class="small" @click=${this.#edit}>${text('about.edit')}</button></p>
        </details>
      </section>
    `;
  }

  #notes({ state }: Branch) {
    const wrote = /^build +(\S+)/m.exec(this.lab.text ?? '')?.[1];
    return state.notes.map(note => {
      const words =
        note === 'other-end'
          ? text('about.other-end')
          : wrote === undefined
            ? text('about.other-build.unnamed', { build: state.build })
            : text('about.other-build', { wrote, build: state.build });
      return html`<p class="banner" role="note" data-note=${note}>${words}</p>`;
    });
  }

  #save = async () => {
    const journal = await this.lab.journal();
    if (journal === undefined) return;
    const file = new Blob([journal], { type: 'text/plain' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = `ottla-seed-${this.branch?.state.seed ?? ''}.txt`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    this.lab.notices.say('notice.lab-saved', { size: size(file.size) });
  };

  #copy = async () => {
    const hash = await this.lab.link();
    if (hash === undefined) return;
    const link = `${location.href.replace(/#.*$/s, '')}${hash}`;
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      this.lab.moveTo(hash);
      return this.lab.notices.say('notice.lab-link-shown');
    }
    if (link.length > LINK_LENGTH_WARNED) this.lab.notices.say('notice.lab-link-long', { size: size(link.length) });
    else this.lab.notices.say('notice.lab-link', { count: String(link.length) });
  };

  #edit = () => {
    const root = this.getRootNode() as ShadowRoot;
    const writing = root.querySelector<HTMLDetailsElement>('#writing');
    const field = writing?.querySelector('textarea');
    if (!writing || !field) return;
    writing.open = true;
    field.value = this.lab.text ?? '';
    field.focus();
  };
}

function fact(name: string, value: unknown) {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

/** Line breaks are the text's own; everything else that would be invisible is written out. */
function shownLines(words: string) {
  return words.split('\n').map((line, at) => html`${at > 0 ? '\n' : nothing}${shownText(line)}`);
}
