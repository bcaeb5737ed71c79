/** The cluster's state in a few words. */

import { html } from 'lit';
import { text } from '../locale.js';
import { Screen } from './screen.js';

export class ClusterState extends Screen {
  override render() {
    const { life, live } = this.session;
    const logDir = live.status?.state ?? 'online';
    const tone = life.at !== 'running' ? life.at : logDir === 'online' ? 'running' : logDir;
    const facts =
      life.at === 'running'
        ? html`<span class="fact">${life.cluster.name}</span>
            <span class="fact">${text(`storage.kind.${life.cluster.storage}`)}</span>`
        : '';
    return html`<p class="cluster-state" data-tone=${tone}>
      <span class="dot" aria-hidden="true"></span>
      <span class="fact strong">${text(`state.${tone}`)}</span>
      ${facts}
    </p>`;
  }
}
