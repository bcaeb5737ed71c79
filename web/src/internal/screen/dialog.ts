/** A question that must be answered before something is thrown away. */

import { html, render } from 'lit';
import { text } from '../locale.js';

export interface Question {
  title: string;
  words: string;
  /** The button that does it. */
  yes: string;
}

/** Asks in a modal dialog within the page's root; Escape and the first button mean no. */
export function confirm(from: HTMLElement, question: Question): Promise<boolean> {
  const root = from.getRootNode() as ShadowRoot;
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-labelledby', 'dialog-title');
  dialog.setAttribute('aria-describedby', 'dialog-words');
  render(
    html`<form method="dialog">
      <h2 id="dialog-title">${question.title}</h2>
      <p id="dialog-words">${question.words}</p>
      <p class="buttons">
        <button value="no" autofocus>${text('dialog.no')}</button>
        <button value="yes" class="danger">${question.yes}</button>
      </p>
    </form>`,
    dialog,
  );
  root.append(dialog);
  dialog.showModal();
  return new Promise(answered =>
    dialog.addEventListener('close', () => {
      dialog.remove();
      answered(dialog.returnValue === 'yes');
    }),
  );
}
