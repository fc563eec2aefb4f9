/** Code of a value's bin among at most 255; the missing value's code is the number of bins, so a code is a byte. */
export const MOST_BINS = 255;

/** Beyond so many distinct values sorting them all is faster than counting them in a table. */
const MOST_COUNTED = 1 << 14;

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

/** Counts the distinct values of a column, the same for any order of its rows. */
export function distinctValues(values: Float32Array): Distinct {
  return countInTable(values) ?? countSorted(values);
}

/**
 * Cuts a column into at most `most` bins: one bin per value where that suffices, else bins of about equal row counts.
 * A cut is a float32 t with a ≤ t < b for the neighbouring values a < b, so ONNX's `x <= t` on float32 gives the same bins.
 */
export function cutBins({ values, counts }: Distinct, most: number): Bins {
  const cuts: number[] = [];
  const single = values.length <= most;
  let left = counts.reduce((sum, each) => sum + each, 0);
  let share = left / most;
  let held = 0;
  for (let i = 0; i + 1 < values.length; i++) {
    held += counts[i]!;
    if (!single && held < share && !(counts[i + 1]! >= share && cuts.length < most - 2)) continue;
    cuts.push(between(values[i]!, values[i + 1]!));
    left -= held;
    held = 0;
    share = left / (most - cuts.length);
    if (cuts.length === most - 1) break;
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

/** Counts in an open-addressing hash table of the values' bits, or gives null when there are too many distinct values. */
function countInTable(values: Float32Array): Distinct | null {
  const size = MOST_COUNTED * 4;
  const keys = new Float32Array(size);
  const bits = new Uint32Array(keys.buffer);
  const counts = new Int32Array(size);
  const used: number[] = [];
  const scratch = new Float32Array(1);
  const scratchBits = new Uint32Array(scratch.buffer);
  for (let row = 0; row < values.length; row++) {
    const value = values[row]! + 0;
    if (Number.isNaN(value)) continue;
    scratch[0] = value;
    const key = scratchBits[0]!;
    let slot = Math.imul(key ^ (key >>> 15), 0x9e3779b1) >>> 16;
    while (counts[slot]! > 0 && bits[slot]! !== key) slot = (slot + 1) & (size - 1);
    if (counts[slot]! === 0) {
      if (used.length === MOST_COUNTED) return null;
      used.push(slot);
      keys[slot] = value;
    }
    counts[slot]!++;
  }
  used.sort((a, b) => keys[a]! - keys[b]!);
  return {
    values: Float32Array.from(used, (slot) => keys[slot]!),
    counts: Int32Array.from(used, (slot) => counts[slot]!),
  };
}

function countSorted(column: Float32Array): Distinct {
  const sorted = column.filter((value) => !Number.isNaN(value)).sort();
  const values = new Float32Array(sorted.length);
  const counts = new Int32Array(sorted.length);
  let last = -1;
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i]! + 0;
    if (last < 0 || values[last] !== value) values[++last] = value;
    counts[last]!++;
  }
  return { values: values.slice(0, last + 1), counts: counts.slice(0, last + 1) };
}
