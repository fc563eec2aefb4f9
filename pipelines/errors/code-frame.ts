import type { SourceLocation } from "./user-error.ts";
import { displayWidth, visibleText } from "./visible-text.ts";

/** Characters of a line that are shown; of a longer one, the part around the problem. */
const WINDOW = 120;
const BEFORE = 40;

/** The line of a location with its number, and carets under what is wrong. Empty when the line's text is not known. */
export function renderFrame({ line, column, length = 1, lineText }: SourceLocation): string[] {
  if (lineText === undefined) return [];
  const shown = clip(visibleText(lineText), column - 1, length);
  const number = `    ${line} | `;
  const indent = `${" ".repeat(number.length - 2)}| `;
  return [number + shown.text, indent + blank(shown.text.slice(0, shown.start)) + carets(shown)].map((each) =>
    each.trimEnd(),
  );
}

interface Shown {
  text: string;
  /** UTF-16 offset and length, in `text`, of what is underlined. */
  start: number;
  length: number;
}

function clip(line: string, column: number, length: number): Shown {
  const start = Math.min(Math.max(column, 0), line.length);
  if (line.length <= WINDOW) return { text: line, start, length: Math.min(length, Math.max(line.length - start, 1)) };
  const from = start <= WINDOW - BEFORE ? 0 : start - BEFORE;
  const to = Math.min(from + WINDOW, line.length);
  const head = from > 0 ? "…" : "";
  const text = head + line.slice(from, to) + (to < line.length ? "…" : "");
  return { text, start: start - from + head.length, length: Math.max(Math.min(length, to - start), 1) };
}

/** White space as wide as the text; tabs stay tabs, because their width depends on where they stand. */
function blank(text: string): string {
  return [...text].map((character) => (character === "\t" ? "\t" : " ".repeat(displayWidth(character)))).join("");
}

function carets({ text, start, length }: Shown): string {
  const underlined = [...text.slice(start, start + length)];
  const width = underlined.reduce((sum, character) => sum + displayWidth(character), 0);
  return "^".repeat(Math.max(width, 1));
}
