/** The selected topic: its partitions and how far each of them is, and the way to delete it. */

import { html, nothing } from 'lit';
import { failureOf } from '../failure.js';
import { number, size } from '../format.js';
import { text } from '../locale.js';
import type { Partition, Topic } from '../../public/types.js';
import { confirm } from './dialog.js';
import { Screen } from './screen.js';

export class TopicHead extends Screen {
  override render() {
    const topic = this.session.live.topics.find(({ name }) => name === this.session.selected);
    if (!topic) return nothing;
    return html`
      <section class="card topic-head" aria-labelledby="topic-title">
        <header class="card-bar">
          <h2 id="topic-title"><span class="quiet-words">${text('topic.title')}</span> <code>${topic.name}</code></h2>
          <p class="quiet-words"><span>${text('topic.id')}</span> <code>${topic.id}</code></p>
          ${
            this.session.canWrite
              ? html`<button class="danger" @click=${() => this.#delete(topic)}>${text('topic.delete')}</button>`
              : nothing
          }
        </header>
        <div class="scroll" tabindex="0" role="group" aria-labelledby="topic-title">
          <table>
            <thead>
              <tr>
                <th scope="col">${text('partition.partition')}</th>
                <th scope="col">${text('partition.leader')}</th>
                <th scope="col" class="figure">${text('partition.log-start')}</th>
                <th scope="col" class="figure">${text('partition.high-watermark')}</th>
                <th scope="col" class="figure">${text('partition.log-end')}</th>
                <th scope="col" class="figure">${text('partition.stored-to')}</th>
                <th scope="col" class="figure">${text('partition.size')}</th>
                <th scope="col" class="figure">${text('partition.segments')}</th>
              </tr>
            </thead>
            <tbody>
              ${topic.partitions.map(partition => row(partition))}
            </tbody>
          </table>
        </div>
      </section>
    `;
  }

  async #delete(topic: Topic): Promise<void> {
    const isSure = await confirm(this, {
      title: text('topic.delete.title', { topic: topic.name }),
      words: text('topic.delete.words'),
      yes: text('topic.delete'),
    });
    if (!isSure) return;
    try {
      await this.session.cluster?.deleteTopic(topic.name);
      this.session.notices.say('notice.deleted', { topic: topic.name });
      await this.session.live.lookAtTopics();
    } catch (error) {
      this.session.notices.failed(failureOf(error));
    }
  }
}

function row(partition: Partition) {
  return html`<tr>
    <th scope="row" class="figure">${partition.partition}</th>
    <td>${leader(partition)}</td>
    <td class="figure">${number(partition.logStart)}</td>
    <td class="figure">${number(partition.highWatermark)}</td>
    <td class="figure">${number(partition.logEnd)}</td>
    <td class="figure">${number(partition.committedEnd)}</td>
    <td class="figure">${size(partition.bytes)}</td>
    <td class="figure">${number(partition.segments)}</td>
  </tr>`;
}

function leader({ leader, leaderEpoch }: Partition): string {
  return leader < 0 ? text('partition.no-leader') : text('partition.leader-epoch', { leader, epoch: leaderEpoch });
}
