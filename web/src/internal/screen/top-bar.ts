/** The page's name, the cluster's state in a few words, language and theme. */

import { html } from 'lit';
import { language, LANGUAGES, setLanguage, text, type Language } from '../locale.js';
import { setTheme, theme, THEMES, type Theme } from '../preferences.js';
import { Screen } from './screen.js';

export class TopBar extends Screen {
  override render() {
    return html`
      <header class="top-bar">
        <button class="skip" @click=${this.#skip}>${text('page.skip')}</button>
        <h1>
          <svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d="M3 5h7v3H3zM3 10.5h13v3H3zM3 16h10v3H3z" />
            <path class="mark-end" d="M12.500 5h3v3h-3zM18.500 10.500h3v3h-3zM15.500 16h3v3h-3z" />
          </svg>
          Ottla
        </h1>
        <p class="tagline">${text('page.tagline')}</p>
        ${this.#state()}
        <div class="preferences">
          <label>
            <span class="visually-hidden">${text('page.language')}</span>
            <select id="language" @change=${this.#onLanguage}>
              ${Object.entries(LANGUAGES).map(
                ([tag, name]) =>
                  html`<option value=${tag} lang=${tag} .selected=${tag === language()}>${name}</option>`,
              )}
            </select>
          </label>
          <label>
            <span class="visually-hidden">${text('page.theme')}</span>
            <select id="theme" @change=${this.#onTheme}>
              ${THEMES.map(
                name => html`<option value=${name} .selected=${name === theme()}>${text(`theme.${name}`)}</option>`,
              )}
            </select>
          </label>
        </div>
      </header>
    `;
  }

  #state() {
    const { life, live } = this.session;
    const logDir = live.status?.state ?? 'online';
    const tone = life.at !== 'running' ? life.at : logDir === 'online' ? 'running' : logDir;
    const facts =
      life.at === 'running'
        ? html`<span class="fact">${life.cluster.name}</span>
            <span class="fact">${text(`storage.kind.${life.cluster.storage}`)}</span>`
        : '';
    return html`<p class="cluster-state" data-tone=${tone}>
      <span class="dot" aria-hidden="true"></span>
      <span class="fact strong">${text(`state.${tone}`)}</span>
      ${facts}
    </p>`;
  }

  /** A fragment link would not find its target inside a shadow root. */
  #skip = () => {
    const root = this.getRootNode() as ShadowRoot;
    root.querySelector<HTMLElement>('#records-title, #topics-title')?.focus();
  };

  #onLanguage = (event: Event) => setLanguage((event.target as HTMLSelectElement).value as Language);
  #onTheme = (event: Event) => {
    setTheme((event.target as HTMLSelectElement).value as Theme);
    this.requestUpdate();
  };
}
