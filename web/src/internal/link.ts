/**
 * Links to a scenario or a journal: `#s=1.` and the base64url of the text's UTF-8, deflated without a header. `1` is the
 * codec's version, for good.
 *
 * Links come from strangers: every length is bounded before it is believed, and a link that is not whole is refused whole.
 */

/** Bytes of a text, in a link or a file. */
export const TEXT_BYTES_MAX = 64 * 1024;
/** Characters: deflate makes text no longer than itself and a few bytes, base64url a third longer than that. */
const CODE_LENGTH_MAX = 90_000;
/** Longer ones are cut by chats, mail and some servers. */
export const LINK_LENGTH_WARNED = 8 * 1024;

export type LinkProblem = 'link-version' | 'link-damaged' | 'text-too-large';

/** A link that cannot be read, and why. `code` is looked up in the catalogue. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  /** Its code says it all. */
  readonly detail = '';

  constructor(readonly code: LinkProblem) {
    super(code);
  }
}

/** The text of an address's hash; undefined if the hash is no link at all. Rejects with a `LinkError`. */
export async function readLink(hash: string): Promise<string | undefined> {
  const link = /^#?s=([^.]*)(?:\.(.*))?$/s.exec(hash);
  if (!link) return undefined;
  const [, version, code] = link;
  if (!/^[1-9][0-9]{0,5}$/.test(version!) || code === undefined) throw new LinkError('link-damaged');
  if (version !== '1') throw new LinkError('link-version');
  if (code.length > CODE_LENGTH_MAX) throw new LinkError('text-too-large');
  return textOf(await inflated(bytesOf(code)));
}

/** The hash for a text. Rejects with a `LinkError` if the text is too large for anybody to read back. */
export async function writeLink(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > TEXT_BYTES_MAX) throw new LinkError('text-too-large');
  const deflating = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const deflated = new Uint8Array(await new Response(deflating).arrayBuffer());
  let binary = '';
  for (const byte of deflated) binary += String.fromCharCode(byte);
  return `#s=1.${btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')}`;
}

/** UTF-8 as it should be, of a file or a link. */
export function textOf(bytes: Uint8Array): string {
  if (bytes.length > TEXT_BYTES_MAX) throw new LinkError('text-too-large');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new LinkError('link-damaged');
  }
}

function bytesOf(code: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]+$/.test(code)) throw new LinkError('link-damaged');
  let binary: string;
  try {
    binary = atob(code.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    throw new LinkError('link-damaged');
  }
  return Uint8Array.from(binary, character => character.charCodeAt(0));
}

/** Stops as soon as there is more than a text may be: a small link can unpack to gigabytes. */
async function inflated(deflated: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const reader = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const bytes = new Uint8Array(TEXT_BYTES_MAX);
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return bytes.subarray(0, length);
      if (length + value.length > TEXT_BYTES_MAX) {
        await reader.cancel();
        throw new LinkError('text-too-large');
      }
      bytes.set(value, length);
      length += value.length;
    }
  } catch (error) {
    throw error instanceof LinkError ? error : new LinkError('link-damaged');
  }
}
