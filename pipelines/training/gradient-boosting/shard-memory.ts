import { BLOCK, type HistogramLayout, SIDES } from "./histogram.ts";
import { COLUMN_BYTES, WIDTHS } from "./kernel.ts";

const PAGE = 65536;

/** A column's place among a shard's codes and histograms. */
export interface ColumnPlace {
  /** Address of row 0's code; that of another is `row << shift` further on. */
  codes: number;
  shift: number;
  /** Address of its histogram. */
  histogram: number;
}

/** Columns whose codes share a word, as wide as the kernel loads at once. */
interface ColumnGroup {
  columns: readonly number[];
  width: (typeof WIDTHS)[number];
  codes: number;
  histogram: number;
}

/** Where everything of a shard is in its memory; all in bytes. */
export interface MemoryMap {
  groups: readonly ColumnGroup[];
  /** By column. */
  places: readonly ColumnPlace[];
  /** All histograms: where they begin and end. */
  histograms: number;
  histogramsEnd: number;
  sums: number;
  sides: number;
  gradients: number;
  hessians: number;
  order: number;
  scratch: number;
  bytes: number;
}

/** Lays out the memory of a shard of `rows` rows. Columns of one score's trees come side by side, so that those trees read no others. */
export function mapMemory(rows: number, outputs: readonly (number | null)[], layout: HistogramLayout): MemoryMap {
  const { channels } = layout;
  let end = 0;
  const take = (bytes: number): number => {
    const at = end;
    end = Math.ceil((at + bytes) / 64) * 64;
    return at;
  };
  const split = groupColumns(outputs);
  const histograms = split.map(({ width }) => take(width * channels * COLUMN_BYTES));
  const histogramsEnd = end;
  const sums = take(8 * channels * BLOCK);
  const sides = take(SIDES);
  const gradients = take(4 * rows);
  const hessians = take(channels === 2 ? 4 * rows : 0);
  const order = take(4 * rows);
  // One more, because a row is written to both sides before it is known to which it belongs.
  const scratch = take(4 * (rows + 1));
  const groups = split.map((group, index) => ({
    ...group,
    histogram: histograms[index]!,
    codes: take(group.width * rows),
  }));
  const places: ColumnPlace[] = [];
  for (const { columns, width, codes, histogram } of groups) {
    columns.forEach((column, k) => {
      const place = { codes: codes + k, shift: Math.log2(width), histogram: histogram + k * channels * COLUMN_BYTES };
      places[column] = place;
    });
  }
  return { groups, places, histograms: 0, histogramsEnd, sums, sides, gradients, hessians, order, scratch, bytes: end };
}

/** Memory that all threads see; a RangeError when there is none so large. */
export function allocate({ bytes }: MemoryMap): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

function groupColumns(outputs: readonly (number | null)[]): { columns: number[]; width: ColumnGroup["width"] }[] {
  const byOutput = Map.groupBy(outputs.keys(), (column) => outputs[column]);
  return [...byOutput.values()].flatMap((columns) => {
    const groups = [];
    for (let from = 0; from < columns.length; from += 8) {
      const members = columns.slice(from, from + 8);
      groups.push({ columns: members, width: WIDTHS.findLast((width) => width >= members.length)! });
    }
    return groups;
  });
}
