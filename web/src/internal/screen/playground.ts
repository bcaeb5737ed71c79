/** Which parts the page shows, and in which order a reader and the keyboard meet them. */

import { html, nothing, type TemplateResult } from 'lit';
import type { Home } from '../home.js';
import { text } from '../locale.js';
import type { Session } from '../session.js';

/** A home of the page: what the bar above says of it, and what is below. */
interface Shown {
  state: TemplateResult;
  main: TemplateResult;
}

export function playground(bar: { home: Home; labAddress: string | undefined }, { state, main }: Shown) {
  return html`
    <ottla-top-bar .home=${bar.home} .labAddress=${bar.labAddress} .state=${state}></ottla-top-bar>
    <main>${main}</main>
    <footer>
      <p>${text('page.footer')}</p>
    </footer>
  `;
}

export function live(session: Session): Shown {
  const isRunning = session.life.at === 'running';
  return {
    state: html`<ottla-cluster-state .session=${session}></ottla-cluster-state>`,
    main: html`
      <ottla-notice-list .notices=${session.notices}></ottla-notice-list>
      <ottla-life .session=${session}></ottla-life>
      ${isRunning ? parts(session) : nothing}
    `,
  };
}

function parts(session: Session) {
  return html`
    <ottla-request-path .session=${session}></ottla-request-path>
    <div class="columns">
      <div class="column side">
        <ottla-topic-list .session=${session}></ottla-topic-list>
      </div>
      <div class="column topic-column">
        <ottla-topic-head .session=${session}></ottla-topic-head>
        <div class="columns inner">
          <ottla-record-table .session=${session}></ottla-record-table>
          <ottla-produce-form .session=${session}></ottla-produce-form>
        </div>
        <ottla-batch-bytes .session=${session}></ottla-batch-bytes>
        <ottla-settings-form .session=${session}></ottla-settings-form>
        <ottla-request-list .session=${session}></ottla-request-list>
      </div>
      <div class="column side">
        <ottla-pointer-switch .session=${session}></ottla-pointer-switch>
        <ottla-storage-panel .session=${session}></ottla-storage-panel>
      </div>
    </div>
  `;
}
