/**
 * What every part of the page has in common.
 *
 * Parts render into the one shadow root of the page's element: labels and ids reach across parts, and the styles are
 * adopted once.
 */

import { LitElement } from 'lit';
import type { Changing } from '../changing.js';
import { watchLanguage } from '../locale.js';

export abstract class Part extends LitElement {
  #unwatch: (() => void)[] = [];

  /** What the part shows anew when it changes. */
  protected abstract sources(): Changing[];

  override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const update = () => this.requestUpdate();
    this.#unwatch = [watchLanguage(update), ...this.sources().map(source => source.watch(update))];
    update();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const unwatch of this.#unwatch) unwatch();
  }
}

/** An Enter that only ends an input method's composition must not send a form. */
export function guardComposition(event: KeyboardEvent): void {
  if (event.key === 'Enter' && (event.isComposing || event.keyCode === 229)) {
    event.preventDefault();
    event.stopPropagation();
  }
}
