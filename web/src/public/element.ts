/** `<ottla-playground>`: the whole page as one element. Nothing is registered on import; call `define()`. */

import { LitElement, html, unsafeCSS } from 'lit';
import type { ClusterDoor, RunningCluster } from '../internal/cluster.js';
import { language, watchLanguage } from '../internal/locale.js';
import { loadPreferences, theme, watchTheme } from '../internal/preferences.js';
import { defineScreens } from '../internal/screen/define.js';
import { playground } from '../internal/screen/playground.js';
import { Session } from '../internal/session.js';
import base from '../internal/style/base.css?inline';
import controls from '../internal/style/controls.css?inline';
import layout from '../internal/style/layout.css?inline';
import path from '../internal/style/path.css?inline';
import records from '../internal/style/records.css?inline';
import type { ClusterOptions } from './types.js';

export class OttlaPlayground extends LitElement {
  static override styles = [base, layout, controls, path, records].map(unsafeCSS);

  #session: Session | undefined;
  #ready!: (session: Session) => void;
  /** Kept once a broker has answered. */
  readonly ready: Promise<RunningCluster> = new Promise<Session>(ready => (this.#ready = ready)).then(
    session => session.ready,
  );

  static define(tag = 'ottla-playground'): void {
    defineScreens();
    if (!customElements.get(tag)) customElements.define(tag, OttlaPlayground);
  }

  /** The cluster that runs now; another one after a restart or an import. */
  get cluster(): RunningCluster | undefined {
    return this.#session?.cluster;
  }

  /** Starts a cluster from `door` and shows it. Once per element. */
  open(door: ClusterDoor, options: ClusterOptions = {}): void {
    if (this.#session) return;
    loadPreferences();
    watchLanguage(() => this.#reflect());
    watchTheme(() => this.#reflect());
    const session = new Session(door, options);
    session.watch(() => this.requestUpdate());
    this.#session = session;
    this.#reflect();
    this.#ready(session);
    void session.start();
  }

  override render() {
    return this.#session ? playground(this.#session) : html``;
  }

  /** Language and theme, where stylesheets, screen readers and the page around the element see them. */
  #reflect(): void {
    this.lang = language();
    this.setAttribute('theme', theme());
    this.requestUpdate();
    this.dispatchEvent(new Event('ottla-preferences', { bubbles: true, composed: true }));
  }
}
