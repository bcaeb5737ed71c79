/** The world's brokers: what each is doing, and how far its partitions are. */

import { html, nothing } from 'lit';
import { number } from '../../format.js';
import { text } from '../../locale.js';
import type { LabBroker, LabPartition } from '../../../public/types.js';
import { shownText } from '../fragments.js';
import { LabScreen } from './lab-screen.js';

export class BrokerTable extends LabScreen {
  override render() {
    const { branch } = this;
    if (!branch) return nothing;
    return html`
      <section class="card brokers" aria-labelledby="brokers-title">
        <header class="card-bar"><h2 id="brokers-title">${text('brokers.title')}</h2></header>
        ${branch.state.brokers.map(broker => this.#broker(broker))}
      </section>
    `;
  }

  #broker(broker: LabBroker) {
    return html`
      <h3 class="broker" id="broker-${broker.id}" data-state=${broker.state}>
        <span class="dot" aria-hidden="true"></span>
        <span>${text('who.broker', { index: broker.id })}</span>
        <span class="broker-state">${text(`broker.state.${broker.state}`)}</span>
      </h3>
      ${broker.partitions.length > 0 ? partitions(broker) : html`<p class="quiet-words">${emptyWords(broker)}</p>`}
    `;
  }
}

function emptyWords({ state }: LabBroker): string {
  return state === 'serving' ? text('brokers.empty') : text('brokers.none');
}

function partitions(broker: LabBroker) {
  return html`<div class="scroll" tabindex="0" role="group" aria-labelledby="broker-${broker.id}">
    <table>
      <thead>
        <tr>
          <th scope="col">${text('brokers.partition')}</th>
          <th scope="col" class="figure">${text('partition.log-start')}</th>
          <th scope="col" class="figure">${text('partition.high-watermark')}</th>
          <th scope="col" class="figure">${text('partition.log-end')}</th>
        </tr>
      </thead>
      <tbody>
        ${broker.partitions.map(partition => row(partition))}
      </tbody>
    </table>
  </div>`;
}

function row({ topic, partition, logStart, highWatermark, logEnd }: LabPartition) {
  return html`<tr>
    <th scope="row"><code>${shownText(topic, 249)}-${partition}</code></th>
    <td class="figure">${number(logStart)}</td>
    <td class="figure">${number(highWatermark)}</td>
    <td class="figure">${number(logEnd)}</td>
  </tr>`;
}
