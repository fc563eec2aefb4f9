import { binLookup } from "./bin-lookup.ts";
import { hash32 } from "./random.ts";
import { sortedDistinct } from "./sorted-values.ts";
import { ValueTable } from "./value-table.ts";

/** Rows that a loop goes through at a time: see node-rows.ts. */
const BLOCK = 8192;

/** A table of values is not worth its memory below. */
const FEW_ROWS = 1 << 13;

/** Of more rows a sample says where the bins are; LightGBM's bin_construct_sample_cnt. */
const MOST_SORTED = 200_000;

// A round of the generator that neither trees nor validation draw their rows from.
const SAMPLE_DRAW = -2;

/** Distinct values ascending, without NaN, with -0 as 0, and how often each occurs. */
export interface Distinct {
  values: Float32Array;
  counts: Int32Array;
}

/** Bin b holds the values x with cuts[b-1] < x ≤ cuts[b]; the last bin is open above. */
export interface Bins {
  cuts: Float32Array;
  /** One more than there are cuts. */
  count: number;
}

/**
 * Divides a column into at most `most` bins, 255 or fewer, and writes each row's bin code, a byte; NaN gets the number of
 * bins. The bins are the same for any order of the rows, unless there are more than 200,000 rows of more than 16,384
 * values: the seed then draws the rows that are looked at.
 */
export function binNumbers(values: Float32Array, most: number, codes: Uint8Array, seed = 0): Bins {
  const distinct = countValues(values)?.distinct() ?? sortedDistinct(sampleOf(values, seed));
  const bins = cutBins(distinct, most);
  if (values.length < FEW_ROWS) {
    encodeNumbers(values, bins, codes);
    return bins;
  }
  const encode = binLookup(bins);
  for (let from = 0; from < values.length; from += BLOCK) {
    encode(values, from, Math.min(from + BLOCK, values.length), codes);
  }
  return bins;
}

function sampleOf(values: Float32Array, seed: number): Float32Array {
  if (values.length <= MOST_SORTED) return values;
  const limit = (MOST_SORTED / values.length) * 2 ** 32;
  return values.filter((_, row) => hash32(seed, SAMPLE_DRAW, row) < limit);
}

/**
 * Cuts a column into at most `most` bins: one bin per value where that suffices, else bins of about equal row counts.
 * A cut is a float32 t with a ≤ t < b for the neighbouring values a < b, so ONNX's `x <= t` on float32 gives the same bins.
 */
export function cutBins({ values, counts }: Distinct, most: number): Bins {
  const cuts: number[] = [];
  const single = values.length <= most;
  const rows = counts.reduce((sum, each) => sum + each, 0);
  let share = rows / most;
  let target = share;
  let below = 0;
  for (let i = 0; i + 1 < values.length; i++) {
    below += counts[i]!;
    if (!single && below < target && !(counts[i + 1]! >= share && cuts.length < most - 2)) continue;
    cuts.push(between(values[i]!, values[i + 1]!));
    if (cuts.length === most - 1) break;
    // Going on from where the cut should be spreads what is left over evenly; after a value of many rows that is far behind.
    const from = below >= target && below < target + share ? target : below;
    share = (rows - from) / (most - cuts.length);
    target = from + share;
  }
  return { cuts: Float32Array.from(cuts), count: cuts.length + 1 };
}

/** Writes each row's bin code; NaN gets `bins.count`. */
export function encodeNumbers(values: Float32Array, bins: Bins, codes: Uint8Array): void {
  const { cuts, count } = bins;
  for (let row = 0; row < values.length; row++) {
    const value = values[row]!;
    codes[row] = Number.isNaN(value) ? count : binOf(value, cuts);
  }
}

/** Index of the first cut that is not below `value`, by binary search. */
function binOf(value: number, cuts: Float32Array): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= cuts[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The middle where float32 has one below `b`, else `a`; infinite neighbours have no middle. */
function between(a: number, b: number): number {
  const middle = Math.fround(a / 2 + b / 2);
  return middle >= a && middle < b ? middle : a;
}

/** Counts the values in a table; null when there are too many different ones, or so few rows that sorting is as fast. */
function countValues(values: Float32Array): ValueTable | null {
  if (values.length < FEW_ROWS) return null;
  const table = new ValueTable();
  for (let from = 0; from < values.length; from += BLOCK) {
    if (!table.count(values, from, Math.min(from + BLOCK, values.length))) return null;
  }
  return table;
}
