/** Raw bytes to the broker. What it sends waits over there until somebody asks for it. */

import type { Connection } from '../public/types.js';
import type { Engine } from './engine.js';

export class RawConnection implements Connection {
  readonly #engine: Engine;
  readonly #number: number;

  constructor(engine: Engine, number: number) {
    this.#engine = engine;
    this.#number = number;
  }

  send(bytes: Uint8Array): void {
    // Lost where the engine has ended, as on any connection.
    this.#engine.call('send', [this.#number, bytes]).catch(() => {});
  }

  close(): void {
    this.#engine.call('closeConnection', [this.#number]).catch(() => {});
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      const bytes = await this.#engine.call('read', [this.#number]);
      if (!(bytes instanceof Uint8Array)) return;
      yield bytes;
    }
  }
}
