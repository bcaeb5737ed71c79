/** The world's clients, and what each of them waits for. */

import { html, nothing } from 'lit';
import { moment } from '../../lab/moment.js';
import { text } from '../../locale.js';
import type { LabVisitor } from '../../../public/types.js';
import { shownText } from '../fragments.js';
import { LabScreen } from './lab-screen.js';

export class VisitorTable extends LabScreen {
  override render() {
    const { branch } = this;
    if (!branch) return nothing;
    const { visitors } = branch.state;
    return html`
      <section class="card visitors" aria-labelledby="visitors-title">
        <header class="card-bar"><h2 id="visitors-title">${text('visitors.title')}</h2></header>
        ${
          visitors.length === 0
            ? html`<p class="empty">${text('visitors.empty')}</p>`
            : html`<table>
              <thead>
                <tr>
                  <th scope="col">${text('visitors.client')}</th>
                  <th scope="col">${text('visitors.waits')}</th>
                </tr>
              </thead>
              <tbody>
                ${visitors.map(visitor => row(visitor))}
              </tbody>
            </table>`
        }
      </section>
    `;
  }
}

function row({ index, waiting }: LabVisitor) {
  return html`<tr>
    <th scope="row"><code>visitor-${index}</code></th>
    <td>
      ${
        waiting.length === 0
          ? html`<span class="quiet-words">${text('visitors.nothing')}</span>`
          : html`<ul class="waiting">
            ${byQuestion(waiting).map(
              ({ question, count, since }) =>
                html`<li>
                  <code>${shownText(question, 80)}</code>
                  <span class="quiet-words">${text('visitors.since', { count, time: moment(since, 3) })}</span>
                </li>`,
            )}
          </ul>`
      }
    </td>
  </tr>`;
}

/** A broker that is away for long leaves many calls of a kind waiting: one line for each kind, with the oldest of it. */
function byQuestion(waiting: LabVisitor['waiting']) {
  const kinds = new Map<string, { question: string; count: number; since: number }>();
  for (const { question, since } of waiting) {
    const kind = kinds.get(question) ?? { question, count: 0, since };
    kinds.set(question, { question, count: kind.count + 1, since: Math.min(kind.since, since) });
  }
  return [...kinds.values()];
}
