/** In the bar above: where the world stands, in a few words. */

import { html } from 'lit';
import { moment } from '../../lab/moment.js';
import { text } from '../../locale.js';
import { LabScreen } from './lab-screen.js';

export class LabState extends LabScreen {
  override render() {
    const { branch } = this;
    if (!branch) return html``;
    const { state, activity } = branch;
    const standing = state.violation ? 'violated' : state.phase === 'over' ? 'over' : 'still';
    const tone = branch.isMoving ? activity.kind : standing;
    return html`<p class="cluster-state lab-state" data-tone=${tone}>
      <span class="dot" aria-hidden="true"></span>
      <span class="fact strong">${text(`transport.state.${tone}`)}</span>
      <span class="fact">${text('about.seed', { seed: state.seed })}</span>
      <span class="fact">${moment(state.now, 3)}</span>
    </p>`;
  }
}
