import compile from "watr/compile";
import { BLOCK, type HistogramLayout, SIDES } from "./histogram.ts";

/** Columns that share a word of codes; the last ones may share a narrower one. */
const WIDTHS = [8, 4, 2] as const;

/** Bytes between the histograms of two columns of a group for each channel: 256 cells, and a cache line so that equal codes of neighbouring columns do not meet in one set. */
const COLUMN_BYTES = 256 * 8 + 64;

/**
 * The loops that growing a tree spends its time in, on one shard's memory: addresses are in bytes, `end` is exclusive, and
 * a row is its number in the shard. In WebAssembly, because a load there has no bounds check and eight codes come in one:
 * a third of the time of the same loops in TypeScript. Sums are added in the order of the rows, so results are the same.
 */
export interface Kernel {
  /** Adds the rows' sums to the histograms of a group of as many columns, one number a cell. */
  add: Record<(typeof WIDTHS)[number], AddGroup>;
  /** The same with two numbers a cell. */
  addPairs: Record<(typeof WIDTHS)[number], AddGroup>;
  /** Writes countWeight + gradient of each row to `sums`. */
  gather(rows: number, end: number, gradients: number, sums: number, countWeight: number): void;
  /** Writes the same, and the hessian beside it. */
  gatherPairs(rows: number, end: number, gradients: number, hessians: number, sums: number, countWeight: number): void;
  /**
   * Moves the rows whose code has a 1 in `sides` to the front and the others to `scratch`, in their order; gives the
   * address past the last that was moved to the front. A row's code is at codes + (row << shift).
   */
  partition(rows: number, end: number, scratch: number, sides: number, codes: number, shift: number): number;
}

type AddGroup = (histogram: number, codes: number, rows: number, end: number, sums: number) => void;

/** Compiled once for all threads. */
export function compileKernel(): WebAssembly.Module {
  const adding = WIDTHS.flatMap((width) => [addText(width, 1), addText(width, 2)]);
  const memory = '(import "shard" "memory" (memory 1 65536 shared))';
  const parts = [...adding, GATHER, GATHER_PAIRS, PARTITION];
  return new WebAssembly.Module(compile(`(module ${memory} ${parts.join("\n")})`));
}

/** The loops on a shard's memory. */
export function openKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  const { exports } = new WebAssembly.Instance(module, { shard: { memory } });
  const functions = exports as Record<string, AddGroup> & Pick<Kernel, "gather" | "gatherPairs" | "partition">;
  const { gather, gatherPairs, partition } = functions;
  const adders = (channels: 1 | 2) =>
    Object.fromEntries(WIDTHS.map((width) => [width, functions[nameOf(width, channels)]!])) as Kernel["add"];
  return { add: adders(1), addPairs: adders(2), gather, gatherPairs, partition };
}

const nameOf = (width: number, channels: 1 | 2) => `add${width}x${channels}`;

/** A word of codes by its width: its type, how it is loaded, and what brings it to an address. */
const WORDS = {
  8: { type: "i64", load: "i64.load", asAddress: (text: string) => `(i32.wrap_i64 ${text})` },
  4: { type: "i32", load: "i32.load", asAddress: (text: string) => text },
  2: { type: "i32", load: "i32.load16_u", asAddress: (text: string) => text },
} as const;

function addText(width: (typeof WIDTHS)[number], channels: 1 | 2): string {
  const { type, load } = WORDS[width];
  const [sum, sumBytes] = channels === 1 ? ["f64", 8] : ["v128", 16];
  const columns = Array.from({ length: width }, (_, column) => addColumnText(width, column, channels));
  return `(func (export "${nameOf(width, channels)}")
    (param $histogram i32) (param $codes i32) (param $rows i32) (param $end i32) (param $sums i32)
    (local $word ${type}) (local $sum ${sum}) (local $cell i32)
    (loop $next
      (local.set $word (${load} (i32.add (local.get $codes)
        (i32.mul (i32.load (local.get $rows)) (i32.const ${width})))))
      (local.set $sum (${sum}.load (local.get $sums)))
      ${columns.join("\n")}
      (local.set $sums (i32.add (local.get $sums) (i32.const ${sumBytes})))
      (br_if $next (i32.lt_u
        (local.tee $rows (i32.add (local.get $rows) (i32.const 4)))
        (local.get $end)))))`;
}

/** cell = histogram + code · bytes of a cell; the column's own place is in the offset. */
function addColumnText(width: (typeof WIDTHS)[number], column: number, channels: 1 | 2): string {
  const { type, asAddress } = WORDS[width];
  const cellBits = channels === 1 ? 3 : 4;
  const shift = 8 * column - cellBits;
  const moved =
    shift < 0
      ? `(${type}.shl (local.get $word) (${type}.const ${-shift}))`
      : `(${type}.shr_u (local.get $word) (${type}.const ${shift}))`;
  const place = asAddress(`(${type}.and ${moved} (${type}.const ${255 << cellBits}))`);
  const [load, add, store] =
    channels === 1 ? ["f64.load", "f64.add", "f64.store"] : ["v128.load", "f64x2.add", "v128.store"];
  const offset = `offset=${column * channels * COLUMN_BYTES}`;
  return `(local.set $cell (i32.add (local.get $histogram) ${place}))
    (${store} ${offset} (local.get $cell) (${add} (${load} ${offset} (local.get $cell)) (local.get $sum)))`;
}

/** The gradient of the row at $rows. */
const DERIVATIVE = (name: string) =>
  `(f64.convert_i32_s (i32.load (i32.add (local.get $${name}) (i32.shl (local.get $row) (i32.const 2)))))`;

const GATHER = `(func (export "gather")
  (param $rows i32) (param $end i32) (param $gradients i32) (param $sums i32) (param $weight f64)
  (local $row i32)
  (loop $next
    (local.set $row (i32.load (local.get $rows)))
    (f64.store (local.get $sums) (f64.add (local.get $weight) ${DERIVATIVE("gradients")}))
    (local.set $sums (i32.add (local.get $sums) (i32.const 8)))
    (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end)))))`;

const GATHER_PAIRS = `(func (export "gatherPairs")
  (param $rows i32) (param $end i32) (param $gradients i32) (param $hessians i32) (param $sums i32) (param $weight f64)
  (local $row i32)
  (loop $next
    (local.set $row (i32.load (local.get $rows)))
    (f64.store (local.get $sums) (f64.add (local.get $weight) ${DERIVATIVE("gradients")}))
    (f64.store offset=8 (local.get $sums) ${DERIVATIVE("hessians")})
    (local.set $sums (i32.add (local.get $sums) (i32.const 16)))
    (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end)))))`;

// Writes every row to both places and moves one of them on: a branch would be mispredicted half of the time.
const PARTITION = `(func (export "partition")
  (param $rows i32) (param $end i32) (param $scratch i32) (param $sides i32) (param $codes i32) (param $shift i32)
  (result i32)
  (local $row i32) (local $left i32) (local $step i32)
  (local.set $left (local.get $rows))
  (if (i32.lt_u (local.get $rows) (local.get $end)) (then
    (loop $next
      (local.set $row (i32.load (local.get $rows)))
      (local.set $step (i32.shl (i32.load8_u (i32.add (local.get $sides) (i32.load8_u
        (i32.add (local.get $codes) (i32.shl (local.get $row) (local.get $shift)))))) (i32.const 2)))
      (i32.store (local.get $left) (local.get $row))
      (i32.store (local.get $scratch) (local.get $row))
      (local.set $left (i32.add (local.get $left) (local.get $step)))
      (local.set $scratch (i32.add (local.get $scratch) (i32.sub (i32.const 4) (local.get $step))))
      (br_if $next (i32.lt_u (local.tee $rows (i32.add (local.get $rows) (i32.const 4))) (local.get $end))))))
  (local.get $left))`;

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
