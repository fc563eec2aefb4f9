import { displayWidth, oneLine } from "../../errors/inert-markdown.ts";

/** One column of a plain table. `right` is for numbers. */
export interface TableColumn {
  header: string;
  align?: "left" | "right";
}

interface TableLayout {
  /** No cell is longer than so many characters. */
  longest?: number;
  /** Columns of the screen; without one, lines are as long as they get. */
  width?: number;
}

const GAP = "  ";
/** Text is not squeezed below this, but for a column that never was as wide. */
const leastText = 20;
/** A meaning beside its term is never squeezed below this. */
const leastMeaning = 40;
/** A word that is longer than this may be broken. */
const longestWord = 24;
/** What a cell without a value says. */
const none = "–";

/**
 * Rows of cells as aligned plain text for a terminal, a header line first. Widths are those on the screen; control
 * characters are replaced, because a cell may hold what somebody else wrote. No line ends in spaces, and none is wider than
 * the screen: texts are wrapped within their columns, else stand below their row, and where that is too narrow, a row is its
 * cells below one another.
 */
export function textTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  { longest = 200, width = Number.POSITIVE_INFINITY }: TableLayout = {},
): string {
  const [headers = [], ...cells] = [columns.map(({ header }) => header), ...rows].map((row) =>
    columns.map((_, at) => oneLine(row[at] ?? "", longest)),
  );
  const lines = [headers, ...cells];
  const widths = columns.map((_, at) => widest(lines, at, textWidth));
  const fitted = wrappedWidths(columns, lines, widths, width);
  if (fitted) return lines.flatMap((row) => alignedRow(columns, row, fitted)).join("\n");
  const beside = columns.map(({ align }, at) => at === 0 || align === "right" || widths[at]! <= leastText);
  const kept = <T>(each: readonly T[]) => each.filter((_, at) => beside[at]);
  const narrow = kept(columns).length < 3 ? null : wrappedWidths(kept(columns), lines.map(kept), kept(widths), width);
  if (narrow === null) return stackedRows(headers, cells, width).join("\n");
  const aligned = (row: readonly string[]) => alignedRow(kept(columns), kept(row), narrow);
  const below = (row: readonly string[]) =>
    row.flatMap((cell, at) => (beside[at] || cell === "" || cell === none ? [] : labelled(headers[at]!, cell, width)));
  return [...aligned(headers), ...cells.flatMap((row) => [...aligned(row), ...below(row)])].join("\n");
}

/** Terms and what they mean, in two columns; below its term where the screen is too narrow for that. No line is cut or joined. */
export function definitionList(
  pairs: readonly (readonly [term: string, text: string])[],
  width = Number.POSITIVE_INFINITY,
): string {
  const terms = pairs.reduce((most, [term]) => Math.max(most, textWidth(term)), 0);
  const isWide = width - terms - GAP.length * 2 >= leastMeaning;
  return pairs
    .flatMap(([term, text]) =>
      isWide
        ? hanging(`${GAP}${pad(term, terms, "left")}${GAP}`, text, width)
        : [...hanging(GAP, term, width), ...hanging(GAP.repeat(3), text, width)],
    )
    .join("\n");
}

/** What each column takes, the widest texts wrapped until all fit; null when they cannot. */
function wrappedWidths(
  columns: readonly TableColumn[],
  lines: readonly (readonly string[])[],
  natural: readonly number[],
  width: number,
): number[] | null {
  if (spread(natural) <= width) return [...natural];
  const least = columns.map(({ align }, at) => {
    if (align === "right") return natural[at]!;
    const word = widest(lines, at, (cell) => Math.max(...cell.split(" ").map(textWidth)));
    return Math.min(natural[at]!, Math.max(leastText, Math.min(longestWord, word)));
  });
  const widths = [...natural];
  while (spread(widths) > width) {
    const room = widths.map((each, at) => (each > least[at]! ? each : 0));
    const most = Math.max(...room);
    if (most === 0) return null;
    widths[room.indexOf(most)] = most - 1;
  }
  return widths;
}

function widest(lines: readonly (readonly string[])[], at: number, measure: (cell: string) => number): number {
  return lines.reduce((width, cells) => Math.max(width, measure(cells[at]!)), 0);
}

/** Columns of the screen that a row takes. */
function spread(widths: readonly number[]): number {
  return widths.reduce((total, width) => total + width, GAP.length * (widths.length - 1));
}

function alignedRow(columns: readonly TableColumn[], row: readonly string[], widths: readonly number[]): string[] {
  const cells = row.map((cell, at) => wrapText(cell, widths[at]!));
  const height = Math.max(1, ...cells.map((each) => each.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map(({ align }, at) => pad(cells[at]?.[line] ?? "", widths[at]!, align))
      .join(GAP)
      .trimEnd(),
  );
}

/** Of each row the first cell that has a header, with marks before it, and below it the others, each after its header. */
function stackedRows(headers: readonly string[], rows: readonly (readonly string[])[], width: number): string[] {
  const named = headers.findIndex((header) => header !== "");
  const title = Math.max(0, named);
  const labels = Math.max(0, ...headers.slice(title + 1).map(textWidth));
  const isWide = labels > 0 && width - GAP.length * 2 - labels >= leastText;
  const blocks = rows.flatMap((row) => [
    ...wrapText(
      row
        .slice(0, title + 1)
        .filter((cell) => cell !== "")
        .join(" "),
      width,
    ),
    ...row.flatMap((cell, at) => {
      if (at <= title || cell === "") return [];
      const header = headers[at]!;
      return isWide
        ? hanging(`${GAP}${pad(header, labels, "left")}${GAP}`, cell, width)
        : labelled(header, cell, width);
    }),
  ]);
  return [...(named < 0 ? [] : wrapText(headers[named]!, width)), ...blocks];
}

function labelled(header: string, cell: string, width: number): string[] {
  return hanging(GAP, header === "" ? cell : `${header}: ${cell}`, width);
}

/** A text after a label, its further lines below its first. */
function hanging(label: string, text: string, width: number): string[] {
  const indent = textWidth(label);
  const space = " ".repeat(indent);
  return wrapText(text, Math.max(1, width - indent)).map((line, at) => `${at === 0 ? label : space}${line}`);
}

function pad(cell: string, width: number, align: TableColumn["align"]): string {
  const space = " ".repeat(Math.max(0, width - textWidth(cell)));
  return align === "right" ? space + cell : cell + space;
}

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
