import { compareCodePoints } from "../../data/code-point-order.ts";
import type { CategoryColumn, FeatureColumn } from "../../data/table.ts";

/** One value a row may have: NaN is a missing number, the empty string a missing category. */
export type Cell = number | string;

/** Columns whose first `given` rows are real ones. */
export interface Probe {
  features: readonly FeatureColumn[];
  given: number;
}

const SAMPLE_ROWS = 20_000;
// Odd rows grow with the square of the columns; this keeps a table of 1,000 columns within some ten megabytes.
const ODD_ROWS = 4000;
const BASE_ROWS = 16;

/**
 * Rows on which a model is compared with its ONNX file: an even sample of the given rows, and rows made from some of
 * them that training may never have shown: each feature missing, infinite or of an unseen category, one at a time and all at once.
 */
export function probeRows(features: readonly FeatureColumn[]): Probe {
  const rows = features.length === 0 ? 0 : length(features[0]!);
  const sampled = evenly(rows, SAMPLE_ROWS);
  const bases = Math.min(BASE_ROWS, Math.ceil(ODD_ROWS / (4 * features.length)));
  const base = evenly(rows, bases);
  const odd = oddRows(features.map(oddCells), base.length);
  const columns = features.map((column, f): FeatureColumn => {
    if (column.kind !== "category") {
      const values = new Float32Array(sampled.length + odd.rows);
      sampled.forEach((row, at) => {
        values[at] = column.values[row]!;
      });
      odd.fill(values.subarray(sampled.length), f, (at) => column.values[base[at]!]!);
      return { ...column, values };
    }
    const texts = new Array<string>(odd.rows);
    odd.fill(texts, f, (at) => textAt(column, base[at]!));
    return categoryColumn(column.name, [...sampled.map((row) => textAt(column, row)), ...texts]);
  });
  return { features: columns, given: sampled.length };
}

/** The values of one row, by column, for people who look for the difference. */
export function rowAt(features: readonly FeatureColumn[], row: number): Record<string, Cell> {
  return Object.fromEntries(features.map((column) => [column.name, cellAt(column, row)]));
}

interface OddRows {
  rows: number;
  /** A column of them, whose own cell in each of the rows they are made from is given. */
  fill(values: string[] | Float32Array, column: number, given: (row: number) => Cell): void;
}

/** For each of some rows, one with each odd cell of each column in its place; then rows of odd cells alone. */
function oddRows(odd: readonly (readonly Cell[])[], bases: number): OddRows {
  const before = [0];
  for (const cells of odd) before.push(before.at(-1)! + cells.length);
  const single = before.at(-1)!;
  const most = Math.max(0, ...odd.map((cells) => cells.length));
  return {
    rows: bases * single + most,
    fill(into, column, given) {
      const [values, cells] = [into as Cell[], odd[column]!];
      for (let row = 0; row < bases; row += 1) {
        values.fill(given(row), row * single, (row + 1) * single);
        cells.forEach((cell, at) => {
          values[row * single + before[column]! + at] = cell;
        });
      }
      for (let at = 0; at < most; at += 1) values[bases * single + at] = cells[at % cells.length]!;
    },
  };
}

function oddCells(column: FeatureColumn): Cell[] {
  if (column.kind === "category") return ["", unseen(column.levels)];
  return [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
}

function unseen(levels: readonly string[]): string {
  const seen = new Set(levels);
  let text = "never seen in training";
  while (seen.has(text)) text += "!";
  return text;
}

function evenly(rows: number, wanted: number): number[] {
  const count = Math.min(rows, wanted);
  return Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
}

function cellAt(column: FeatureColumn, row: number): Cell {
  return column.kind === "category" ? textAt(column, row) : column.values[row]!;
}

function textAt(column: CategoryColumn, row: number): string {
  return column.levels[column.codes[row]!] ?? "";
}

function length(column: FeatureColumn): number {
  return column.kind === "category" ? column.codes.length : column.values.length;
}

/** Dictionary-encodes texts, levels by code point. */
function categoryColumn(name: string, texts: readonly string[]): CategoryColumn {
  const levels = [...new Set(texts)].sort(compareCodePoints);
  const codeOf = new Map(levels.map((level, code) => [level, code]));
  return { name, kind: "category", levels, codes: Int32Array.from(texts, (text) => codeOf.get(text)!) };
}
