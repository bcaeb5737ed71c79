/** A cluster as one file: a plain tar of its log dir behind an `ottla.json` that says what it is. */

import { createTarDecoder, createTarPacker } from 'modern-tar';
import { removeCluster } from './database.js';
import type { Native, NativeCluster } from './native.js';

const ABOUT = 'ottla.json';
const FORMAT = 1;
const ABOUT_BYTES_MAX = 64 * 1024;
/** Without it nobody knows what the logs are called. */
const CATALOG = 'catalog';
const FILES_MAX = 200_000;
/** Bytes that are held before they become part of a Blob, which need not be memory. */
const PART_BYTES = 8 * 1024 * 1024;

type Progress = (done: number, total: number) => void;

interface Gathered {
  name: string;
  parts: BlobPart[];
  size: number;
}

export async function exportCluster(cluster: NativeCluster, onProgress: Progress): Promise<Blob> {
  const total = cluster.status().storedBytes;
  const { clusterId, build } = cluster.about();
  const about = { format: FORMAT, clusterId, build };
  const json = new TextEncoder().encode(JSON.stringify(about));
  const files: Gathered[] = [{ name: ABOUT, parts: [json], size: json.length }];
  let done = 0;
  let held: Uint8Array<ArrayBuffer>[] = [];
  let heldBytes = 0;
  const settle = () => {
    if (held.length > 0) files.at(-1)!.parts.push(new Blob(held));
    [held, heldBytes] = [[], 0];
  };
  await cluster.export({
    file(name, size) {
      settle();
      files.push({ name, parts: [], size });
    },
    bytes(bytes) {
      held.push(bytes);
      heldBytes += bytes.length;
      done += bytes.length;
      if (heldBytes < PART_BYTES) return;
      settle();
      onProgress(Math.min(done, total), total);
    },
  });
  settle();
  onProgress(total, total);
  return pack(files);
}

async function pack(files: Gathered[]): Promise<Blob> {
  const { readable, controller } = createTarPacker();
  const packed = new Response(readable).blob();
  for (const { name, parts, size } of files) {
    const body = controller.add({ name, size, type: 'file', mode: 0o644 });
    await new Blob(parts).stream().pipeTo(body);
  }
  controller.finalize();
  return new Blob([await packed], { type: 'application/x-tar' });
}

/**
 * Reads the file twice: what is wrong with it as a whole is found before anything is changed. `start` opens what was
 * imported; where it cannot be opened, nothing of it stays.
 */
export async function importCluster(
  native: Native,
  file: unknown,
  replace: boolean,
  options: unknown,
  start: () => Promise<unknown>,
): Promise<void> {
  if (!(file instanceof Blob)) throw badFile('an import takes a Blob');
  const { name = 'default', storage = 'indexeddb' } = (options ?? {}) as { name?: string; storage?: string };
  if (storage !== 'indexeddb') throw { code: 'no-storage', retriable: false, detail: 'an import needs IndexedDB' };
  await check(native, file);
  const importing = await native.beginImport(name, replace);
  try {
    for await (const { header, body } of entries(file)) {
      if (header.name === ABOUT) {
        // Read, not cancelled: a decoder whose entry is cancelled may never come to the next.
        for await (const _ of chunks(body));
        continue;
      }
      importing.file(header.name, header.size);
      for await (const bytes of chunks(body)) await importing.write(bytes);
    }
    await importing.finish();
  } catch (error) {
    await importing.giveUp();
    throw asBadFile(error);
  }
  try {
    await start();
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'cannot-open') throw error;
    await removeCluster(name);
    throw badFile((error as { detail?: string }).detail ?? 'it cannot be opened');
  }
}

async function check(native: Native, file: Blob): Promise<void> {
  const names = new Set<string>();
  try {
    for await (const { header, body } of entries(file)) {
      const { name, size, type } = header;
      if (names.size === 0) checkAbout(name, size, await new Response(body).text());
      else {
        native.checkFileName(name);
        for await (const _ of chunks(body));
      }
      if (type !== undefined && type !== 'file') throw badFile(`'${name}' is a ${type}`);
      if (names.has(name)) throw badFile(`'${name}' is there twice`);
      if (names.size >= FILES_MAX) throw badFile(`more than ${FILES_MAX} files`);
      names.add(name);
    }
  } catch (error) {
    throw asBadFile(error);
  }
  if (!names.has(CATALOG)) throw badFile('it holds no cluster');
}

function checkAbout(name: string, size: number, text: string): void {
  const words = 'it was not exported by Ottla';
  if (name !== ABOUT || size > ABOUT_BYTES_MAX) throw badFile(words);
  let about: { format?: unknown };
  try {
    about = JSON.parse(text) as typeof about;
  } catch {
    throw badFile(words);
  }
  if (about?.format !== FORMAT) throw badFile(`its format is ${String(about?.format)}, this is for format ${FORMAT}`);
}

async function* entries(file: Blob) {
  const reader = file
    .stream()
    .pipeThrough(createTarDecoder({ strict: true }))
    .getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** Not every browser iterates over a stream by itself. */
async function* chunks(body: ReadableStream<Uint8Array>) {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function badFile(detail: string) {
  return { code: 'bad-file', retriable: false, detail };
}

/** What a decoder threw is about the file; what has a code says itself what it is about. */
function asBadFile(error: unknown) {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
  return hasCode ? error : badFile(error instanceof Error ? error.message : String(error));
}
