/** The Lab: its words, its styles and its screens, which are loaded when somebody goes there. */

import { html } from 'lit';
import type { LabDoor } from '../lab.js';
import { addWords } from '../locale.js';
import { codesEn } from '../locale/lab/codes.en.js';
import { codesZhHans } from '../locale/lab/codes.zh-Hans.js';
import { labEn } from '../locale/lab/en.js';
import { labZhHans } from '../locale/lab/zh-Hans.js';
import { defineScreens } from '../screen/define.js';
import { LAB_SCREENS, labPage } from '../screen/lab/page.js';
import styles from '../style/lab.css?inline';
import { LabSession } from './session.js';

export class LabHome {
  readonly session: LabSession;
  readonly style = new CSSStyleSheet();

  constructor(door: LabDoor) {
    addWords({ en: { ...labEn, ...codesEn }, 'zh-Hans': { ...labZhHans, ...codesZhHans } });
    defineScreens(LAB_SCREENS);
    this.style.replaceSync(styles);
    this.session = new LabSession(door);
  }

  shown() {
    return {
      state: html`<ottla-lab-state .lab=${this.session}></ottla-lab-state>`,
      main: labPage(this.session),
    };
  }
}
