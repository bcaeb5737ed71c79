/**
 * The engine in Chromium, beside plain IndexedDB in the same run: rates, the time to the first record, its size.
 *
 * Ratios are medians of rounds in which the two take turns. Megabytes are 10^6 bytes of batches.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { test } from 'vitest';
import { batchBytes } from '../batch.js';
import { PAGE } from '../browser/drive/built.js';
import { startChromium } from '../browser/drive/chromium.js';
import { serve } from '../browser/drive/server.js';
import type { Tab } from '../browser/drive/tab.js';
import { engineRate, firstRecord, plainRate, produceRate, type Load, type Rate } from './rates.js';

const ROUNDS = Number(process.env['OTTLA_BENCH_ROUNDS'] ?? 5);
const AIM_RATIO = 0.7;
const PARTITIONS = 3;

/** Tells what was written since it was asked before: for each transaction the sizes of what was put. */
const TELL_TRANSACTIONS = `
  let transactions = [];
  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    if (mode === 'readwrite') transactions.push([]);
    return begin.call(this, stores, mode, options);
  };
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (value, key) {
    transactions.at(-1).push(value.length ?? 8);
    return put.call(this, value, key);
  };
  const channel = new BroadcastChannel('transactions');
  channel.onmessage = () => {
    channel.postMessage(transactions);
    transactions = [];
  };
`;

/** Produce, version 3, acks=all. */
function produceFrame(partition: number, batch: Uint8Array): number[] {
  const body = new DataView(new ArrayBuffer(45 + batch.length));
  let at = 0;
  const int16 = (value: number) => body.setInt16((at += 2) - 2, value);
  const int32 = (value: number) => body.setInt32((at += 4) - 4, value);
  const topic = () => (int16(1), body.setUint8(at++, 't'.charCodeAt(0)));
  for (const value of [0, 3]) int16(value);
  int32(7);
  for (const value of [-1, -1, -1]) int16(value);
  for (const value of [10_000, 1]) int32(value);
  topic();
  for (const value of [1, partition, batch.length]) int32(value);
  new Uint8Array(body.buffer).set(batch, at);
  at += batch.length;
  const whole = new DataView(new ArrayBuffer(4 + at));
  whole.setInt32(0, at);
  new Uint8Array(whole.buffer).set(new Uint8Array(body.buffer, 0, at), 4);
  return [...new Uint8Array(whole.buffer)];
}

function load(kilobytes: number, connections: number, megabytes: number): Load {
  const value = Uint8Array.from({ length: 1024 - 40 }, (_, at) => (at * 31 + (at >> 3)) % 256);
  const record = { timestamp: 1_700_000_000_000, key: null, value, headers: [] };
  const batch = batchBytes(0n, Array(kilobytes).fill(record), 0);
  const frames = Array.from({ length: PARTITIONS }, (_, partition) => produceFrame(partition, batch));
  return { frames, batchBytes: batch.length, connections, requests: Math.round((megabytes * 1e6) / batch.length) };
}

const median = (values: number[]) => [...values].sort((one, two) => one - two)[values.length >> 1]!;
const perSecond = ({ bytes, millis }: Rate) => bytes / 1e6 / (millis / 1e3);
function row(name: string, ...figures: string[]): void {
  console.log(`${`page ${name}`.padEnd(48)}  ${figures.join('  ')}`);
}

async function compare(tab: Tab, name: string, asked: Load): Promise<void> {
  const rounds: { engine: Rate; plain: Rate }[] = [];
  for (let round = 0; round < ROUNDS; round++)
    rounds.push(
      await tab.look(
        `const { Cluster, plainRate } = bench;
         await Cluster.delete('rate');
         const cluster = await Cluster.start({ name: 'rate' });
         await cluster.createTopic({ name: 't', partitions: ${PARTITIONS} });
         const engine = await bench.engineRate(cluster, of);
         await cluster.stop();
         return { engine, plain: await plainRate(engine) };`,
        asked,
      ),
    );
  const ratio = median(rounds.map(({ engine, plain }) => perSecond(engine) / perSecond(plain)));
  const engine = median(rounds.map(({ engine }) => perSecond(engine)));
  const plain = median(rounds.map(({ plain }) => perSecond(plain)));
  const each = median(rounds.map(({ engine }) => engine.bytes / engine.transactions.length / 1024));
  const verdict = ratio < AIM_RATIO ? ': missed' : '';
  row(
    name,
    `${engine.toFixed(1).padStart(7)} MB/s`,
    `${plain.toFixed(1).padStart(7)} MB/s plain`,
    `ratio ${ratio.toFixed(2)} (aim ≥ ${AIM_RATIO}${verdict})`,
    `${each.toFixed(0)} KiB a transaction`,
  );
}

const ASSETS = join(PAGE, 'assets');

/** The file of a module, `wasm` for the engine's or `lab`. */
const moduleFile = (name: string) => readdirSync(ASSETS).find(file => file.startsWith(`ottla_${name}_bg`))!;

function size(what: string, file: string): void {
  const bytes = readFileSync(join(ASSETS, file));
  const kilobytes = (bytes: Uint8Array) => `${(bytes.length / 1e3).toFixed(0)} kB`;
  row(
    `${what}’s size`,
    `${kilobytes(bytes)} raw`,
    `${kilobytes(gzipSync(bytes, { level: 9 }))} gzip`,
    `${kilobytes(brotliCompressSync(bytes))} brotli`,
  );
}

test('the page', async () => {
  size('engine', moduleFile('wasm'));
  size('Lab', moduleFile('lab'));
  const server = await serve(PAGE, { inWorker: TELL_TRANSACTIONS });
  const browser = await startChromium();
  const tab = await browser.tab();
  await tab.open(`${server.origin}/`);
  await tab.has('.cluster-state', 'Broker running');
  await tab.look(`
    const Cluster = (await ottla.ready).constructor;
    await ottla.cluster.stop();
    globalThis.bench = { Cluster, engineRate: ${engineRate}, plainRate: ${plainRate}, produceRate: ${produceRate}, firstRecord: ${firstRecord} };`);

  for (const [name, source] of [
    ['compiled before', 'bench.module'],
    ['fetched and compiled', 'undefined'],
  ] as const) {
    const took: { fresh: number; existing: number }[] = [];
    for (let round = 0; round < 2 * ROUNDS; round++)
      took.push(
        await tab.look(
          `bench.module ??= await WebAssembly.compileStreaming(fetch('assets/' + of));
           return bench.firstRecord(bench.Cluster, ${source});`,
          moduleFile('wasm'),
        ),
      );
    const millis = (of: 'fresh' | 'existing') => `${median(took.map(each => each[of])).toFixed(0)} ms ${of} cluster`;
    row(`first acknowledged record, ${name}`, millis('fresh'), millis('existing'));
  }

  await compare(tab, '1 MiB batches, 4 connections', load(1024, 4, 96));
  await compare(tab, '60 KiB batches, 8 connections', load(60, 8, 64));
  await compare(tab, '16 KiB batches, 8 connections', load(16, 8, 24));
  await compare(tab, '16 KiB batches, 1 connection', load(16, 1, 8));
  const calls = await tab.look<Rate>(
    `await bench.Cluster.delete('rate');
     const cluster = await bench.Cluster.start({ name: 'rate' });
     await cluster.createTopic({ name: 't', partitions: ${PARTITIONS} });
     const rate = await bench.produceRate(cluster, 8, 400, 60);
     await cluster.stop();
     return rate;`,
  );
  row('produce() of 60 records of 1 KiB, 8 at once', `${perSecond(calls).toFixed(1).padStart(7)} MB/s`);
  await browser.close();
  await server.close();
});
