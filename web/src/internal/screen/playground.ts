/** Which parts the page shows, and in which order a reader and the keyboard meet them. */

import { html, nothing } from 'lit';
import { text } from '../locale.js';
import type { Session } from '../session.js';

export function playground(session: Session) {
  const isRunning = session.life.at === 'running';
  return html`
    <ottla-top-bar .session=${session}></ottla-top-bar>
    <main>
      <ottla-notice-list .session=${session}></ottla-notice-list>
      <ottla-life .session=${session}></ottla-life>
      ${isRunning ? parts(session) : nothing}
    </main>
    <footer>
      <p>${text('page.footer')}</p>
    </footer>
  `;
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
