/** Small pieces that many parts show the same way. */

import { html, nothing, type TemplateResult } from 'lit';
import { text, textIfKnown } from '../locale.js';
import type { Failure } from '../failure.js';
import { contentParts, textParts, type TextPart } from '../visible.js';

/** Somebody's text: isolated from the line's direction, escapes set apart. */
export function shown(parts: TextPart[]): TemplateResult {
  return html`<bdi>${parts.map(part => (part.isEscape ? html`<span class="escape">${part.text}</span>` : part.text))}</bdi>`;
}

export function shownText(words: string, lengthMax = Infinity): TemplateResult {
  return shown(textParts(words, lengthMax));
}

/** A key, value or header: null and empty are told apart from text. */
export function content(bytes: Uint8Array | null, lengthMax: number): TemplateResult {
  if (bytes === null) return html`<span class="none">null</span>`;
  if (bytes.length === 0) return html`<span class="none">${text('record.empty')}</span>`;
  return shown(contentParts(bytes, lengthMax));
}

/** An error in words, its code as Kafka spells it, and the broker's own sentence. */
export function failureWords(failure: Failure): TemplateResult {
  const words = textIfKnown(`error.${failure.code}`) ?? text('error.other');
  return html`<span>${words}</span> <code>${failure.code}</code>${
    failure.detail ? html` <span class="detail" lang="en">${shownText(failure.detail, 400)}</span>` : nothing
  }`;
}
