/**
 * One workload, again and again, with one storage call refused in each: the first, the second, and so on until there
 * is none so late. The function goes over as its own text, so it stands on nothing outside itself.
 */

import type { Cluster, OttlaError } from '../../../src/public/index.js';
import type { Book } from './book.js';
import type { FaultKind, Faults } from './faults.js';

export interface Sweep {
  kind: FaultKind;
  first: number;
  /** 1: at every call. */
  step: number;
  /** No run is begun after this many milliseconds: a browser's driver waits for no answer for long. */
  millis: number;
}

export interface Swept {
  /** Runs in which something was refused. */
  runs: number;
  /** Where to go on; `undefined` once a run was over without so late a call. */
  next: number | undefined;
  /** `state: why` as the status told it, and the codes that calls were refused with, with how often. */
  told: Record<string, number>;
  refused: Record<string, number>;
  /** What went wrong, with the number of the call. */
  problems: string[];
}

interface Tools {
  Cluster: typeof Cluster;
  faults: Faults;
  openBook(): Book;
}

export async function sweep(
  { Cluster, faults, openBook }: Tools,
  { kind, first, step, millis }: Sweep,
): Promise<Swept> {
  const name = `sweep-${kind}`;
  const PATIENCE = 20_000;
  const swept: Swept = { runs: 0, next: undefined, told: {}, refused: {}, problems: [] };
  /** The run's number: which call is refused in it. */
  let number = first;
  let cluster: Cluster | undefined;
  let book: Book;
  /** What was acknowledged beside records: each gives what is wrong with it, in words. */
  let promised: ((cluster: Cluster) => Promise<string | false>)[] = [];

  const count = (counts: Record<string, number>, what: string) => (counts[what] = (counts[what] ?? 0) + 1);
  const rest = (millis: number) => new Promise(resolve => setTimeout(resolve, millis));
  const fail = (words: string) => swept.problems.push(`${number} (${faults.hit}) ${words}`);
  const ask = <T>(promise: Promise<T>) =>
    promise.catch((error: OttlaError) => {
      count(swept.refused, error.code);
      if (!error.detail) fail(`${error.code} without a word`);
      return undefined;
    });
  const done = (promise: Promise<unknown>) => ask(promise.then(() => true));

  async function prepare(): Promise<Cluster> {
    await Cluster.delete(name);
    const fresh = await Cluster.start({ name });
    await fresh.createTopic({ name: 'ballast', configs: { 'segment.bytes': '100000' } });
    const timestamp = Date.now() - 3_600_000;
    for (let batch = 0; batch < 8; batch++)
      await fresh.produce({ topic: 'ballast', partition: 0, records: [{ value: new Uint8Array(60_000), timestamp }] });
    await fresh.createTopic({ name: 'other' });
    await fresh.produce({ topic: 'other', partition: 0, records: [{ value: 'x' }] });
    return fresh;
  }

  /** Makes room the way the page says it, and waits until records are taken again. */
  async function mend(): Promise<void> {
    const { state, why } = await cluster!.status();
    if (state === 'online') return;
    count(swept.told, `${state}: ${why}`);
    if (number % 2) await ask(cluster!.deleteTopic('ballast'));
    else await ask(cluster!.alterConfigs('ballast', { 'retention.ms': '1000' }));
    const end = performance.now() + PATIENCE;
    while ((await cluster!.status()).state !== 'online') {
      if (performance.now() > end) throw new Error(`it stays ${JSON.stringify(await cluster!.status())}`);
      await rest(5);
    }
  }

  /** What was asked, with storage mended as soon as it is seen to be refused. */
  async function mending<T>(asked: Promise<T>): Promise<T> {
    let isOver = false;
    const over = asked.finally(() => (isOver = true));
    over.catch(() => {});
    while (!isOver) {
      await mend();
      await Promise.race([rest(5), over.catch(() => {})]);
    }
    return over;
  }

  async function start(): Promise<Cluster> {
    return (await ask(Cluster.start({ name }))) ?? (await Cluster.start({ name }));
  }

  async function hasTopic(topic: string): Promise<boolean> {
    return (await cluster!.topics()).some(({ name }) => name === topic);
  }

  const sendAll = (records: number) =>
    mending(Promise.all([0, 1, 2].map(partition => ask(book.send(cluster!, partition, records)))));

  async function verify(when: string): Promise<void> {
    for (const [partition, offset, , found] of await mending(book.missing(cluster!)))
      fail(`${when}: partition ${partition} has ${found} at ${offset}`);
    for (const broken of promised) {
      const words = await mending(broken(cluster!));
      if (words) fail(`${when}: ${words}`);
    }
  }

  async function change(): Promise<void> {
    if (await mending(done(cluster!.deleteRecords('t', 0, 6n))))
      promised.push(async now => (await now.offset('t', 0, 'earliest'))!.offset < 6n && 'deleted records came back');
    book.forget(0, 6n);
    if (await mending(done(cluster!.alterConfigs('t', { 'max.message.bytes': '90000' }))))
      promised.push(async now => {
        const value = (await now.configs('t')).find(({ name }) => name === 'max.message.bytes')?.value;
        return value !== '90000' && `max.message.bytes is ${value}`;
      });
    if (await mending(done(cluster!.deleteTopic('other'))))
      promised.push(async () => (await hasTopic('other')) && 'a deleted topic came back');
  }

  async function run(): Promise<void> {
    cluster = await prepare();
    [book, promised] = [openBook(), []];
    faults.arm(kind, number);
    const topic = { name: 't', partitions: 3, configs: { 'segment.bytes': '2000' } };
    while (!(await hasTopic('t'))) await mending(ask(cluster.createTopic(topic)));
    for (let round = 0; round < 4; round++) await sendAll(4);
    await change();
    await sendAll(2);
    await verify('before the stop');
    await cluster.stop();

    cluster = await start();
    await verify('after the stop');
    const taken = book.acknowledged.map(({ size }) => size);
    await sendAll(2);
    await mend();
    await sendAll(2);
    if (book.acknowledged.some(({ size }, partition) => size < taken[partition]! + 2))
      fail('no records are taken again');
    cluster.kill();
    await cluster.closed;

    cluster = await start();
    await verify('after a kill');
    await cluster.stop();
  }

  const end = performance.now() + millis;
  for (; ; number += step) {
    if (performance.now() > end) {
      swept.next = number;
      break;
    }
    await run().catch(error => fail(String(error)));
    cluster?.kill();
    await cluster?.closed;
    const { hit } = faults;
    faults.disarm();
    if (hit === undefined) break;
    swept.runs++;
  }
  await Cluster.delete(name);
  return swept;
}
