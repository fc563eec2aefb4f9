import type { SourceLocation } from "../../errors/expected-error.ts";
import { withoutPasswords } from "../../errors/inert-markdown.ts";
import type { Finding, TextSpan } from "./finding.ts";

/** Longer lines are not carried in every problem of a file. */
const MAX_LINE_TEXT = 2000;

/** Turns offsets in a file's text into lines and columns. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  /** Found on the first use, because most files have no problems. */
  #lineStarts: number[] | null = null;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** The location of a span, cut at the end of its first line. */
  at({ start, length }: TextSpan): SourceLocation {
    const offset = Math.min(start, this.text.length);
    this.#lineStarts ??= lineStarts(this.text);
    const line = lastAtOrBefore(this.#lineStarts, offset);
    const lineStart = this.#lineStarts[line]!;
    const lineText = this.#lineText(lineStart);
    const room = Math.max(lineText.length - (offset - lineStart), 1);
    const location = { file: this.file, line: line + 1, column: offset - lineStart + 1 };
    return {
      ...location,
      length: Math.max(1, Math.min(length, room)),
      ...(lineText.length <= MAX_LINE_TEXT && { lineText }),
    };
  }

  #lineText(start: number): string {
    const end = this.text.indexOf("\n", start);
    return withoutPasswords(this.text.slice(start, end < 0 ? undefined : end).replace(/\r$/, ""));
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function lastAtOrBefore(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Bytes a file that people write may have: model.yaml, mergeml.yaml or a query. */
export const MAX_FILE_BYTES = 256 * 1024;

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
