/** What happened, in words: shown until dismissed, and said once to a screen reader. */

import { html, nothing, type TemplateResult } from 'lit';
import { text } from '../locale.js';
import type { Notice, Notices } from '../notices.js';
import { failureWords, shownText } from './fragments.js';
import { Part } from './part.js';

export class NoticeList extends Part {
  static override properties = { notices: { attribute: false } };
  declare notices: Notices;

  protected override sources() {
    return [this.notices];
  }

  override render() {
    const { shown, spoken } = this.notices;
    return html`
      <div class="visually-hidden" role="status" aria-live="polite" id="live-region">
        ${spoken ? noticeWords(spoken) : nothing}
      </div>
      ${
        shown.length === 0
          ? nothing
          : html`<ul class="notices" aria-label=${text('notices.title')}>
            ${shown.map(
              notice =>
                html`<li class="notice" data-kind=${notice.kind}>
                  <span class="sign" aria-hidden="true">${notice.kind === 'done' ? '✓' : '!'}</span>
                  <p>${noticeWords(notice)}</p>
                  <button class="quiet" @click=${() => this.notices.dismiss(notice.id)}>
                    <span aria-hidden="true">✕</span><span class="visually-hidden">${text('notices.dismiss')}</span>
                  </button>
                </li>`,
            )}
          </ul>`
      }
    `;
  }
}

function noticeWords(notice: Notice): TemplateResult {
  switch (notice.kind) {
    case 'done':
      return html`${(text as (key: string, of: Record<string, string>) => string)(notice.key, notice.of)}`;
    case 'failed':
      return failureWords(notice.failure);
    case 'crashed':
      return html`${text('notice.crashed')}${
        notice.ended.message
          ? html` <span class="detail" lang="en">${shownText(notice.ended.message, 300)}</span>`
          : nothing
      }`;
  }
}
