import { displayWidth } from "../../errors/visible-text.ts";

/** Columns that a text takes on a terminal. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += displayWidth(character);
  return width;
}

/** One line of text as lines of at most `width` columns, broken between words; a word that is wider is broken, too. */
export function wrapText(text: string, width: number): string[] {
  if (textWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (textWidth(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line.trimEnd());
    const pieces = brokenWord(word, width);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1) ?? "";
  }
  return line === "" ? lines : [...lines, line];
}

/** The beginning of a text that fits into `width` columns. */
export function cutText(text: string, width: number): string {
  return textWidth(text) <= width ? text : (brokenWord(text, width)[0] ?? "");
}

/** A character that is wider than the whole line stands there alone. */
function brokenWord(word: string, width: number): string[] {
  const pieces: string[] = [];
  let [piece, taken] = ["", 0];
  for (const { segment } of new Intl.Segmenter("en", { granularity: "grapheme" }).segment(word)) {
    const wide = textWidth(segment);
    if (taken + wide > width && piece !== "") {
      pieces.push(piece);
      [piece, taken] = ["", 0];
    }
    [piece, taken] = [piece + segment, taken + wide];
  }
  return piece === "" ? pieces : [...pieces, piece];
}
