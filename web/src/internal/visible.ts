/** Other people's text, made fit to be shown: it can neither hide nor act on the page. */

export interface TextPart {
  text: string;
  /** Stands for a character that must not act on the page. */
  isEscape: boolean;
}

// Controls, bidi controls, invisible characters, line and paragraph separators, tags, lone surrogates.
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Cs}/gu;
const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\0': '\\0' };

/** Text whose every character shows itself: what would be invisible or reorder the line is written out. */
export function textParts(text: string, lengthMax = Infinity): TextPart[] {
  const cut = text.length > lengthMax ? text.slice(0, lengthMax) : text;
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of cut.matchAll(UNSAFE)) {
    if (match.index > end) parts.push({ text: cut.slice(end, match.index), isEscape: false });
    parts.push({ text: escapeOf(match[0]), isEscape: true });
    end = match.index + match[0].length;
  }
  if (end < cut.length) parts.push({ text: cut.slice(end), isEscape: false });
  if (cut.length < text.length) parts.push({ text: '…', isEscape: true });
  return parts;
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0)!;
  return SHORT[character] ?? `\\u{${code.toString(16)}}`;
}

export function plainText(text: string, lengthMax = Infinity): string {
  return textParts(text, lengthMax)
    .map(part => part.text)
    .join('');
}

const UTF8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes as text if they are UTF-8, and else in hex. */
export function contentParts(content: Uint8Array, lengthMax: number): TextPart[] {
  // A cut may fall into a character: only whole contents tell whether they are text.
  if (content.length <= 1 << 20) {
    try {
      return textParts(UTF8.decode(content), lengthMax);
    } catch {
      // Not text.
    }
  }
  const shown = content.subarray(0, lengthMax / 2);
  return [{ text: `0x${hex(shown)}${shown.length < content.length ? '…' : ''}`, isEscape: true }];
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}
