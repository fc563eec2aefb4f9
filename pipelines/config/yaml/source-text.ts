import type { SourceLocation } from "../../errors/user-error.ts";
import { withoutPasswords } from "../../errors/without-passwords.ts";
import type { TextSpan } from "./finding.ts";

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
