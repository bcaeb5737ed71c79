/** What a test's code in the page begins with. */

import { openBook } from './book.js';

export const PRELUDE = `
  const first = await ottla.ready;
  const Cluster = first.constructor;
  const rest = millis => new Promise(resolve => setTimeout(resolve, millis));
  const text = bytes => bytes === null ? null : new TextDecoder().decode(bytes);
  const values = async (cluster, topic, partition) => {
    const { batches } = await cluster.fetch({ topic, partition, offset: 0n, maxWaitMs: 0, maxBytes: 50 << 20 });
    return batches.flatMap(batch => batch.records.map(record => text(record.value)));
  };
  const bytes = async (cluster, topic, partition) => {
    const { batches } = await cluster.fetch({ topic, partition, offset: 0n, maxWaitMs: 0, maxBytes: 50 << 20 });
    return batches.map(batch => [...batch.bytes].join()).join(';');
  };
  const refusal = promise => promise.then(() => 'nothing', error => error.code);
  const openBook = ${openBook};
  const { send, enter, missing, acknowledged } = openBook();
  // Without a Worker the engine runs beside the page, where its storage can be refused.
  const withoutWorker = async start => {
    const { Worker } = globalThis;
    globalThis.Worker = class { constructor() { throw new Error('no Worker here'); } };
    try {
      return await start();
    } finally {
      globalThis.Worker = Worker;
    }
  };
`;
