import { BatchBytes } from './batch-bytes.js';
import { ClusterState } from './cluster-state.js';
import { LifeScreen } from './life.js';
import { NoticeList } from './notice-list.js';
import { PointerSwitch } from './pointer-switch.js';
import { ProduceForm } from './produce-form.js';
import { RecordTable } from './record-table.js';
import { RequestList } from './request-list.js';
import { RequestPath } from './request-path.js';
import { SettingsForm } from './settings-form.js';
import { StoragePanel } from './storage-panel.js';
import { TopBar } from './top-bar.js';
import { TopicHead } from './topic-head.js';
import { TopicList } from './topic-list.js';

const SCREENS: Record<string, CustomElementConstructor> = {
  'ottla-batch-bytes': BatchBytes,
  'ottla-cluster-state': ClusterState,
  'ottla-life': LifeScreen,
  'ottla-notice-list': NoticeList,
  'ottla-pointer-switch': PointerSwitch,
  'ottla-produce-form': ProduceForm,
  'ottla-record-table': RecordTable,
  'ottla-request-list': RequestList,
  'ottla-request-path': RequestPath,
  'ottla-settings-form': SettingsForm,
  'ottla-storage-panel': StoragePanel,
  'ottla-top-bar': TopBar,
  'ottla-topic-head': TopicHead,
  'ottla-topic-list': TopicList,
};

/** Registers the parts of the page that every home has, and those of the live one. Twice does no harm. */
export function defineScreens(screens = SCREENS): void {
  for (const [tag, screen] of Object.entries(screens)) if (!customElements.get(tag)) customElements.define(tag, screen);
}
