/** A part that shows a cluster's life. */

import type { Changing } from '../changing.js';
import type { Session } from '../session.js';
import { Part } from './part.js';

export { guardComposition } from './part.js';

export abstract class Screen extends Part {
  static override properties = { session: { attribute: false } };
  declare session: Session;

  protected override sources(): Changing[] {
    return [this.session, this.session.live];
  }
}
