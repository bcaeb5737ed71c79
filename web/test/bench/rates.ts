/**
 * How fast the engine and plain IndexedDB write. Each function runs in a page and goes over as its own text, so it
 * stands on nothing outside itself.
 */

import type { Cluster } from '../../src/public/index.js';

export interface Load {
  /** One Produce request of one batch for each partition of topic `t`, with its length in front. */
  frames: number[][];
  batchBytes: number;
  connections: number;
  /** In all. */
  requests: number;
}

export interface Rate {
  millis: number;
  /** Of batches. */
  bytes: number;
  /** Transactions that wrote, each with the sizes of what was `put`. */
  transactions: number[][];
}

/** Whole requests over connections of their own, each with one in flight, as Kafka's clients would send them. */
export async function engineRate(cluster: Cluster, load: Load): Promise<Rate> {
  const frames = load.frames.map(frame => Uint8Array.from(frame));
  const connections = await Promise.all(Array.from({ length: load.connections }, () => cluster.connect()));
  const transactions = () =>
    new Promise<number[][]>(told => {
      const channel = new BroadcastChannel('transactions');
      channel.onmessage = ({ data }) => (channel.close(), told(data as number[][]));
      channel.postMessage('');
    });
  let left = load.requests;
  await transactions();
  const begun = performance.now();
  await Promise.all(
    connections.map(async (connection, number) => {
      const frame = frames[number % frames.length]!;
      const answers = connection[Symbol.asyncIterator]();
      while (left-- > 0) {
        connection.send(frame);
        let answer = new Uint8Array();
        // Length, correlation, one topic `t`, one partition: its index, then its error.
        while (answer.length < 4 || answer.length < 4 + new DataView(answer.buffer).getInt32(0)) {
          const { value } = await answers.next();
          answer = Uint8Array.from([...answer, ...(value as Uint8Array)]);
        }
        const error = new DataView(answer.buffer).getInt16(4 + 4 + 4 + 3 + 4 + 4);
        if (error !== 0) throw new Error(`error ${error}`);
      }
    }),
  );
  const millis = performance.now() - begun;
  const result = { millis, bytes: load.requests * load.batchBytes, transactions: await transactions() };
  for (const connection of connections) connection.close();
  return result;
}

/** Records through the package's own call, `calls` at once. */
export async function produceRate(cluster: Cluster, calls: number, batches: number, values: number): Promise<Rate> {
  const value = crypto.getRandomValues(new Uint8Array(1024));
  const records = Array.from({ length: values }, () => ({ value }));
  let left = batches;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: calls }, async (_, number) => {
      while (left-- > 0) await cluster.produce({ topic: 't', partition: number % 3, records });
    }),
  );
  return { millis: performance.now() - begun, bytes: batches * values * 1024, transactions: [] };
}

/** The same `put`s in the same transactions, one after the other, and nothing else. */
export async function plainRate({ bytes, transactions }: Rate): Promise<Rate> {
  await new Promise(done => (indexedDB.deleteDatabase('plain').onsuccess = done));
  const opening = indexedDB.open('plain', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore('chunks');
  await new Promise(done => (opening.onsuccess = done));
  const database = opening.result;
  const source = new Uint8Array(64 << 10).map((_, at) => at * 7 + (at >> 8));
  let place = 0;
  const begun = performance.now();
  for (const sizes of transactions) {
    const transaction = database.transaction('chunks', 'readwrite', { durability: 'relaxed' });
    const ended = new Promise((done, failed) => Object.assign(transaction, { oncomplete: done, onabort: failed }));
    const chunks = transaction.objectStore('chunks');
    for (const size of sizes) chunks.put(source.slice(0, size), [1, (place += size)]);
    await ended;
  }
  const millis = performance.now() - begun;
  database.close();
  return { millis, bytes, transactions };
}

/** Milliseconds from nothing to the first acknowledged record: into a new cluster, and into it once it exists. */
export async function firstRecord(
  start: typeof Cluster,
  wasm: WebAssembly.Module | undefined,
): Promise<{ fresh: number; existing: number }> {
  await start.delete('first');
  const millis = async (isFresh: boolean) => {
    const begun = performance.now();
    const cluster = await start.start({ name: 'first', ...(wasm ? { wasm } : {}) });
    if (isFresh) await cluster.createTopic({ name: 't' });
    await cluster.produce({ topic: 't', partition: 0, records: [{ value: 'first' }] });
    const took = performance.now() - begun;
    await cluster.stop();
    return took;
  };
  return { fresh: await millis(true), existing: await millis(false) };
}
