/** A part that shows the world the Lab has open. */

import { Part } from '../part.js';
import type { Changing } from '../../changing.js';
import type { Branch } from '../../lab/branch.js';
import type { LabSession } from '../../lab/session.js';

export abstract class LabScreen extends Part {
  static override properties = { lab: { attribute: false } };
  declare lab: LabSession;

  #watched: Branch | undefined;
  #unwatch = () => {};

  protected override sources(): Changing[] {
    return [this.lab];
  }

  /** The course of events that is shown; watched as long as it is. */
  protected get branch(): Branch | undefined {
    return this.lab.current;
  }

  override willUpdate(): void {
    if (this.#watched === this.lab.current) return;
    this.#unwatch();
    this.#watched = this.lab.current;
    this.#unwatch = this.#watched?.watch(() => this.requestUpdate()) ?? (() => {});
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unwatch();
    this.#watched = undefined;
  }
}
