/** Which parts the Lab shows, and in which order a reader and the keyboard meet them. */

import { html, nothing } from 'lit';
import type { LabSession } from '../../lab/session.js';
import { AboutPanel } from './about-panel.js';
import { BranchTable } from './branch-table.js';
import { BreakForm } from './break-form.js';
import { BrokerTable } from './broker-table.js';
import { CodeList } from './code-list.js';
import { EventDetail } from './event-detail.js';
import { EventList } from './event-list.js';
import { LabState } from './lab-state.js';
import { OpenForm } from './open-form.js';
import { Transport } from './transport.js';
import { TransportSlider } from './transport-slider.js';
import { TransportUntil } from './transport-until.js';
import { ViolationNote } from './violation-note.js';
import { VisitorTable } from './visitor-table.js';

export const LAB_SCREENS: Record<string, CustomElementConstructor> = {
  'ottla-about-panel': AboutPanel,
  'ottla-branch-table': BranchTable,
  'ottla-break-form': BreakForm,
  'ottla-broker-table': BrokerTable,
  'ottla-code-list': CodeList,
  'ottla-event-detail': EventDetail,
  'ottla-event-list': EventList,
  'ottla-lab-state': LabState,
  'ottla-open-form': OpenForm,
  'ottla-transport': Transport,
  'ottla-transport-slider': TransportSlider,
  'ottla-transport-until': TransportUntil,
  'ottla-violation-note': ViolationNote,
  'ottla-visitor-table': VisitorTable,
};

export function labPage(lab: LabSession) {
  return html`
    <ottla-notice-list .notices=${lab.notices}></ottla-notice-list>
    <div class="columns lab-head" ?data-open=${lab.current !== undefined}>
      <ottla-open-form .lab=${lab}></ottla-open-form>
      ${lab.current ? html`<ottla-about-panel .lab=${lab}></ottla-about-panel>` : nothing}
    </div>
    ${lab.current ? world(lab) : nothing}
    <ottla-code-list .lab=${lab}></ottla-code-list>
  `;
}

function world(lab: LabSession) {
  return html`
    <ottla-transport .lab=${lab}></ottla-transport>
    <ottla-violation-note .lab=${lab}></ottla-violation-note>
    <ottla-branch-table .lab=${lab}></ottla-branch-table>
    <div class="columns lab-columns">
      <div class="column">
        <ottla-event-list .lab=${lab}></ottla-event-list>
        <ottla-event-detail .lab=${lab}></ottla-event-detail>
      </div>
      <div class="column">
        <ottla-broker-table .lab=${lab}></ottla-broker-table>
        <ottla-visitor-table .lab=${lab}></ottla-visitor-table>
        <ottla-break-form .lab=${lab}></ottla-break-form>
      </div>
    </div>
  `;
}
