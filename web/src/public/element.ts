/** `<ottla-playground>`: the whole page as one element. Nothing is registered on import; call `define()`. */

import { LitElement, html, unsafeCSS } from 'lit';
import type { ClusterDoor, RunningCluster } from '../internal/cluster.js';
import { homeOf, type Home } from '../internal/home.js';
import type { LabDoor } from '../internal/lab.js';
import type { LabHome } from '../internal/lab/home.js';
import { language, text, watchLanguage } from '../internal/locale.js';
import { loadPreferences, theme, watchTheme } from '../internal/preferences.js';
import { defineScreens } from '../internal/screen/define.js';
import { live, playground } from '../internal/screen/playground.js';
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
  #home: Home = 'live';
  #isLiveShown = false;
  #labDoor: LabDoor | undefined;
  #lab: LabHome | undefined;
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

  /** The hash of what is shown. The page around the element keeps it where its visitors find it. */
  get address(): string {
    return this.#home === 'lab' ? (this.#lab?.session.address ?? '#lab') : '#live';
  }

  /**
   * Shows a cluster from `door`, started when it is first shown, and a Lab beside it where `lab` opens worlds. Once per
   * element; `hash` as in `show`.
   */
  open(door: ClusterDoor, { options = {}, lab, hash = '' }: Opening = {}): void {
    if (this.#session) return;
    loadPreferences();
    watchLanguage(() => this.#reflect());
    watchTheme(() => this.#reflect());
    const session = new Session(door, options);
    session.watch(() => this.requestUpdate());
    this.#session = session;
    this.#labDoor = lab;
    this.#reflect();
    this.#ready(session);
    this.show(hash);
  }

  /** Shows what an address's hash names: '#live', '#lab', a link to a world ('#s=1.…'); anything else is the live home. */
  show(hash: string): void {
    if (!this.#session) return;
    this.#home = this.#labDoor ? homeOf(hash) : 'live';
    this.requestUpdate();
    if (this.#home === 'lab') return void this.#showLab(hash);
    // Time that nobody watches stands still.
    void this.#lab?.session.current?.pause();
    if (!this.#isLiveShown) {
      this.#isLiveShown = true;
      void this.#session.start();
    }
  }

  override render() {
    if (!this.#session) return html``;
    const labAddress = this.#labDoor && (this.#lab?.session.address ?? '#lab');
    const shown = this.#home === 'live' ? live(this.#session) : (this.#lab?.shown() ?? LOADING());
    return playground({ home: this.#home, labAddress }, shown);
  }

  async #showLab(hash: string): Promise<void> {
    // On its own: who stays with the live home does not load it.
    const { LabHome } = await import('../internal/lab/home.js');
    if (!this.#lab) {
      this.#lab = new LabHome(this.#labDoor!);
      this.shadowRoot?.adoptedStyleSheets.push(this.#lab.style);
      this.#lab.session.watch(() => this.#onLabChanged());
      this.requestUpdate();
    }
    await this.#lab.session.openAddress(hash);
  }

  #labAddress = '#lab';

  #onLabChanged(): void {
    this.requestUpdate();
    const { address } = this.#lab!.session;
    if (address === this.#labAddress) return;
    this.#labAddress = address;
    this.dispatchEvent(new Event('ottla-address', { bubbles: true, composed: true }));
  }

  /** Language and theme, where stylesheets, screen readers and the page around the element see them. */
  #reflect(): void {
    this.lang = language();
    this.setAttribute('theme', theme());
    this.requestUpdate();
    this.dispatchEvent(new Event('ottla-preferences', { bubbles: true, composed: true }));
  }
}

export interface Opening {
  options?: ClusterOptions;
  lab?: LabDoor;
  hash?: string;
}

const LOADING = () => ({ state: html``, main: html`<p class="empty">${text('home.loading')}</p>` });
