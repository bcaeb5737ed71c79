/** The ways into the Lab: a seed, a file, a text. Links come by the address. */

import { html, nothing } from 'lit';
import type { Failure } from '../../failure.js';
import { SEED } from '../../lab/session.js';
import { text, textIfKnown } from '../../locale.js';
import { failureWords, shownText } from '../fragments.js';
import { guardComposition } from '../part.js';
import { LabScreen } from './lab-screen.js';

export class OpenForm extends LabScreen {
  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('dragover', this.#onDragOver);
    window.addEventListener('drop', this.#onDrop);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('dragover', this.#onDragOver);
    window.removeEventListener('drop', this.#onDrop);
  }

  override render() {
    const { failure, isOpening, current } = this.lab;
    return html`
      <section class="card open" aria-labelledby="open-title" aria-busy=${isOpening ? 'true' : 'false'}>
        <header class="card-bar">
          <h2 id="open-title" tabindex="-1">${text('open.title')}</h2>
          ${current ? nothing : html`<p class="quiet-words">${text('open.words')}</p>`}
        </header>
        <div class="row">
          <form class="row seed" @submit=${this.#onSeed} @keydown=${guardComposition}>
            <label>
              <span>${text('open.seed')}</span>
              <input
                name="seed"
                inputmode="numeric"
                pattern="[0-9]{1,20}"
                required
                autocomplete="off"
                aria-describedby=${failure ? 'open-failure' : nothing}
              />
            </label>
            <button class=${current ? '' : 'primary'}>${text('open.button')}</button>
          </form>
          <button id="draw" @click=${this.#draw}>${text('open.draw')}</button>
          <button @click=${this.#pick}>${text('open.file')}</button>
          <input type="file" id="lab-file" accept=".txt,.ottla,text/plain" hidden @change=${this.#onFile} />
          <p class="quiet-words drop">${text('open.drop')}</p>
        </div>
        ${isOpening ? html`<p class="quiet-words">${text('open.opening')}</p>` : nothing}
        ${failure ? html`<p class="failure" id="open-failure"><span aria-hidden="true">!</span> ${refusal(failure)}</p>` : nothing}
        ${this.#writing()}
      </section>
    `;
  }

  #writing() {
    return html`<details id="writing">
      <summary>${text('open.write')}</summary>
      <form @submit=${this.#onText}>
        <label>
          <span>${text('open.text')}</span>
          <textarea
            name="text"
            rows="8"
            dir="ltr"
            required
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
          >${EXAMPLE}</textarea>
        </label>
        <p class="buttons"><button>${text('open.run')}</button></p>
      </form>
    </details>`;
  }

  #onSeed = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.target as HTMLFormElement).elements.namedItem('seed') as HTMLInputElement;
    const seed = field.value.normalize('NFKC').trim();
    if (SEED.test(seed)) void this.lab.openSeed(seed);
  };

  #draw = () => void this.lab.openSeed(String(crypto.getRandomValues(new Uint32Array(1))[0]));

  #onText = (event: SubmitEvent) => {
    event.preventDefault();
    void this.lab.openText(String(new FormData(event.target as HTMLFormElement).get('text')).replaceAll('\r\n', '\n'));
  };

  #pick = () => this.querySelector<HTMLInputElement>('#lab-file')?.click();

  #onFile = (event: Event) => {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    input.value = '';
    if (file) void this.lab.openFile(file);
  };

  #onDragOver = (event: DragEvent) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  };

  #onDrop = (event: DragEvent) => {
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    void this.lab.openFile(file);
  };
}

const EXAMPLE = `ottla 1
seed 1
visitors 1
faults none
create topic orders partitions=1
produce orders k v acks=all
kill 1 for 300ms
produce orders k w acks=all
expect read orders 0: k=v k=w
`;

/** The engine says which line it could not read in English, and the number of the line in all languages. */
function refusal(failure: Failure) {
  const isOurs = failure.code.startsWith('link-') || failure.code === 'text-too-large';
  if (isOurs) return textIfKnown(`error.${failure.code}`);
  const line = /^line (\d+): (.*)$/s.exec(failure.detail ?? '');
  if (failure.code !== 'bad-scenario' || !line) return failureWords(failure);
  return html`<span>${text('error.bad-scenario')}</span>
    <span class="detail"
      >${text('open.line', { line: Number(line[1]) })} <span lang="en">${shownText(line[2]!, 400)}</span></span
    >`;
}
