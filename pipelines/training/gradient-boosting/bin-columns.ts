import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { hash32 } from "./random.ts";
import { orderedBits, sortedDistinct, ValueTable } from "./sorted-values.ts";

/** Fewer cells (rows × columns) are binned sooner by one thread than others are started. */
const CELLS_PER_THREAD = 2e6;

/** A column of numbers, and where its codes go: memory that threads share. */
export interface NumbersToBin {
  values: Float32Array;
  codes: Uint8Array;
  most: number;
  seed: number;
}

/** Bins every column; the columns are spread over at most `threads` threads, which changes no bin. */
export async function binColumns(columns: readonly NumbersToBin[], threads: number): Promise<Bins[]> {
  const cells = columns.reduce((sum, { values }) => sum + values.length, 0);
  const workers = Math.min(threads, columns.length, Math.floor(cells / CELLS_PER_THREAD));
  if (workers < 2) return columns.map(({ values, codes, most, seed }) => binNumbers(values, most, codes, seed));
  const bins = new Array<Bins>(columns.length);
  const entries = columns.entries();
  await Promise.all(Array.from({ length: workers }, () => binWithWorker(entries, bins)));
  return bins;
}

/** Takes columns, one at a time, until none is left, and has a thread of its own bin them. */
async function binWithWorker(entries: Iterable<[number, NumbersToBin]>, bins: Bins[]): Promise<void> {
  const worker = new Worker(new URL("./binning-worker.ts", import.meta.url));
  const ended = once(worker, "exit").then(() => {
    throw new Error("A thread that bins columns ended before its work was done.");
  });
  ended.catch(() => {});
  try {
    for (const [index, column] of entries) {
      const answer = once(worker, "message");
      worker.postMessage(column);
      [bins[index]] = (await Promise.race([answer, ended])) as [Bins];
    }
  } finally {
    await worker.terminate();
  }
}

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

/** Upper bits of a value that the table goes by: sign, exponent and seven bits of the fraction. */
const PREFIX = 16;

/**
 * Gives a function that writes the bin codes of the rows from..to; NaN gets `bins.count`. A table by the upper bits of a
 * value says where to look, so that a search takes a step or two instead of eight that are mispredicted half of the time.
 */
function binLookup({ cuts, count }: Bins) {
  // The bound past the last cut ends every search.
  const bounds = new Float32Array(cuts.length + 1).fill(Number.POSITIVE_INFINITY);
  bounds.set(cuts);
  const first = firstBins(bounds);
  return (column: Float32Array, from: number, to: number, codes: Uint8Array): void => {
    const bits = new Int32Array(column.buffer, column.byteOffset, column.length);
    for (let row = from; row < to; row++) {
      const value = column[row]!;
      let bin = first[orderedBits(bits[row]!) >>> PREFIX]!;
      while (value > bounds[bin]!) bin++;
      codes[row] = Number.isNaN(value) ? count : bin;
    }
  };
}

/** By prefix: the bin of the smallest value that has it. */
function firstBins(bounds: Float32Array): Uint8Array {
  const first = new Uint8Array(1 << PREFIX).fill(bounds.length - 1);
  const bits = new Int32Array(bounds.buffer);
  let from = 0;
  for (let bin = 0; bin < bounds.length - 1; bin++) {
    // All up to the cut's own prefix begin in this bin or in one before; the cut's own may hold values on both sides.
    const to = (orderedBits(bits[bin]!) >>> PREFIX) + 1;
    if (to > from) first.fill(bin, from, to);
    from = Math.max(from, to);
  }
  return first;
}
