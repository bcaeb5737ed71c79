/** Which parts the page shows, and in which order a reader and the keyboard meet them. */

import { html, nothing } from 'lit';
import { text } from '../locale.js';
import type { Session } from '../session.js';

export function playground(session: Session) {
  const isRunning = session.life.at === 'running';
  return html`
    <a class="skip" href="#records" @click=${skipToRecords}>${text('page.skip')}</a>
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
          <div class="column">
            <ottla-produce-form .session=${session}></ottla-produce-form>
            <ottla-settings-form .session=${session}></ottla-settings-form>
          </div>
        </div>
        <ottla-batch-bytes .session=${session}></ottla-batch-bytes>
        <ottla-request-list .session=${session}></ottla-request-list>
      </div>
      <div class="column side">
        <ottla-pointer-switch .session=${session}></ottla-pointer-switch>
        <ottla-storage-panel .session=${session}></ottla-storage-panel>
      </div>
    </div>
  `;
}

/** A fragment link does not find its target inside a shadow root. */
function skipToRecords(event: Event): void {
  event.preventDefault();
  const root = (event.target as HTMLElement).getRootNode() as ShadowRoot;
  root.querySelector<HTMLElement>('#records-title, #topics-title')?.focus();
}
