import type { Finding } from "./finding.ts";
import { MAX_FILE_BYTES } from "./source-text.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]|\r(?!\n)/;

/** Why a text is not even handed to the parser, or null. */
export function unreadableText(text: string): Finding | null {
  return tooLarge(text) ?? wrongCharacter(text);
}

function tooLarge(text: string): Finding | null {
  if (text.length <= MAX_FILE_BYTES / 3) return null; // a UTF-16 unit is at most three bytes
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_FILE_BYTES) return null;
  return finding(0, `the file has ${bytes.toLocaleString("en-US")} bytes; at most 262,144 are allowed`);
}

function wrongCharacter(text: string): Finding | null {
  const control = forbidden.exec(text);
  const at = control?.index ?? (text.isWellFormed() ? -1 : text.search(/\p{Surrogate}/u));
  if (at < 0) return null;
  const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, "0");
  return finding(at, `the character U+${code} is not allowed in YAML`, "save the file as UTF-8 text without it");
}

function finding(start: number, message: string, hint?: string): Finding {
  return { path: [], span: { start, length: 1 }, message, ...(hint && { hint }) };
}
