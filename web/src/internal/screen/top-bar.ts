/** The page's name, its two homes, how the one that is shown is doing, language and theme. */

import { html, nothing, type TemplateResult } from 'lit';
import type { Changing } from '../changing.js';
import type { Home } from '../home.js';
import { language, LANGUAGES, setLanguage, text, type Language } from '../locale.js';
import { setTheme, theme, THEMES, type Theme } from '../preferences.js';
import { Part } from './part.js';

export class TopBar extends Part {
  static override properties = {
    home: { attribute: false },
    labAddress: { attribute: false },
    state: { attribute: false },
  };
  declare home: Home;
  /** Where the Lab's link leads; undefined where there is no Lab. */
  declare labAddress: string | undefined;
  declare state: TemplateResult;

  protected override sources(): Changing[] {
    return [];
  }

  override render() {
    return html`
      <header class="top-bar">
        <button class="skip" @click=${this.#skip}>${text(this.home === 'live' ? 'page.skip' : 'page.skip.lab')}</button>
        <h1>
          <svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d="M3 5h7v3H3zM3 10.5h13v3H3zM3 16h10v3H3z" />
            <path class="mark-end" d="M12.500 5h3v3h-3zM18.500 10.500h3v3h-3zM15.500 16h3v3h-3z" />
          </svg>
          Ottla
        </h1>
        ${this.#homes()}
        <p class="tagline">${text(this.home === 'live' ? 'page.tagline' : 'page.tagline.lab')}</p>
        ${this.state}
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

  #homes() {
    if (this.labAddress === undefined) return nothing;
    const link = (home: Home, address: string) =>
      html`<a href=${address} aria-current=${this.home === home ? 'page' : nothing}>${text(`home.${home}`)}</a>`;
    return html`<nav class="homes" aria-label=${text('home.title')}>
      ${link('live', '#live')} ${link('lab', this.labAddress)}
    </nav>`;
  }

  /** A fragment link would not find its target inside a shadow root. */
  #skip = () => {
    const root = this.getRootNode() as ShadowRoot;
    root.querySelector<HTMLElement>('#records-title, #topics-title, #transport-title, #open-title')?.focus();
  };

  #onLanguage = (event: Event) => setLanguage((event.target as HTMLSelectElement).value as Language);
  #onTheme = (event: Event) => {
    setTheme((event.target as HTMLSelectElement).value as Theme);
    this.requestUpdate();
  };
}
