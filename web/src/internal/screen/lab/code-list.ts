/** Every invariant that the world checks and every fault it knows, by code, in the reader's language. */

import { html } from 'lit';
import { codesEn } from '../../locale/lab/codes.en.js';
import { text } from '../../locale.js';
import { LabScreen } from './lab-screen.js';

type CodeKey = keyof typeof codesEn;

const KEYS = Object.keys(codesEn) as CodeKey[];

export class CodeList extends LabScreen {
  override render() {
    return html`<details class="card codes" id="codes">
      <summary><h2>${text('codes.title')}</h2></summary>
      <p class="quiet-words">${text('codes.words')}</p>
      ${list('invariant.')}
      <h3>${text('codes.faults')}</h3>
      ${list('fault.')}
    </details>`;
  }
}

function list(family: string) {
  return html`<dl class="code-list">
    ${KEYS.filter(key => key.startsWith(family)).map(key => {
      const code = key.slice(family.length);
      return html`<div tabindex="-1" data-code=${code}>
        <dt><code>${code}</code></dt>
        <dd>${text(key)}</dd>
      </div>`;
    })}
  </dl>`;
}
