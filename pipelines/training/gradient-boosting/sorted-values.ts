import type { Distinct } from "./bin-columns.ts";

/** Bits of a digit: three make a float32, and the counts of one stay in the processor's nearest cache. */
const DIGIT = 11;
const DIGITS = 1 << DIGIT;

/**
 * A float32's bits as an unsigned number with the order of the values: the sign bit is turned over, and all bits of a
 * negative number. -0 is 0, as it is to a comparison.
 */
export function orderedBits(bits: number): number {
  if (bits === -0x80000000) return 0x80000000;
  return (bits ^ ((bits >> 31) | 0x80000000)) >>> 0;
}

/** The distinct values ascending; the values may be in any order. A radix sort, least significant digit first, which takes as long for any values. */
export function sortedDistinct(column: Float32Array): Distinct {
  const keys = new Uint32Array(column.length);
  const count = writeKeys(column, keys);
  return distinctOf(radixSorted(keys.subarray(0, count)));
}

/** Writes the ordered bits of all values but NaN; gives how many. */
function writeKeys(column: Float32Array, keys: Uint32Array): number {
  const bits = new Int32Array(column.buffer, column.byteOffset, column.length);
  let count = 0;
  for (let row = 0; row < column.length; row++) {
    keys[count] = orderedBits(bits[row]!);
    count += Number(!Number.isNaN(column[row]!));
  }
  return count;
}

function radixSorted(keys: Uint32Array): Uint32Array {
  let from: Uint32Array = keys;
  let to: Uint32Array = new Uint32Array(keys.length);
  for (let shift = 0; shift < 32; shift += DIGIT) {
    if (moveByDigit(from, to, shift)) [from, to] = [to, from];
  }
  return from;
}

/** Moves the keys into the order of one digit; false when all have the same, and nothing was moved. */
function moveByDigit(from: Uint32Array, to: Uint32Array, shift: number): boolean {
  const next = new Int32Array(DIGITS);
  for (let i = 0; i < from.length; i++) next[(from[i]! >>> shift) & (DIGITS - 1)]!++;
  let start = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = next[digit]!;
    if (count === from.length) return false;
    next[digit] = start;
    start += count;
  }
  for (let i = 0; i < from.length; i++) {
    const key = from[i]!;
    to[next[(key >>> shift) & (DIGITS - 1)]!++] = key;
  }
  return true;
}

function distinctOf(keys: Uint32Array): Distinct {
  const values = new Float32Array(keys.length);
  const bits = new Int32Array(values.buffer);
  const counts = new Int32Array(keys.length);
  let last = -1;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (i === 0 || key !== keys[i - 1]) bits[++last] = key & 0x80000000 ? key ^ 0x80000000 : ~key;
    counts[last]!++;
  }
  return { values: values.slice(0, last + 1), counts: counts.slice(0, last + 1) };
}

/** Beyond so many different values sorting a column is faster than counting its values. */
const MOST_VALUES = 1 << 14;

/** A power of two, so that at most a quarter of the slots is in use. */
const SLOTS = MOST_VALUES * 4;

/** The different values of a number column, in an open-addressing hash table by their bits. -0 is 0; NaN is not counted. */
export class ValueTable {
  readonly #counts = new Int32Array(SLOTS);
  readonly #keys = new Float32Array(SLOTS);
  readonly #bits = new Int32Array(this.#keys.buffer);
  readonly #used = new Int32Array(MOST_VALUES);
  #size = 0;

  /** Counts the values from..to; gives false, and is of no use any more, when there are too many different ones. */
  count(values: Float32Array, from: number, to: number): boolean {
    const bits = bitsOf(values);
    for (let row = from; row < to; row++) {
      if (Number.isNaN(values[row]!)) continue;
      const key = normal(bits[row]!);
      const slot = slotOf(key, this.#bits, this.#counts);
      if (this.#counts[slot]!++ > 0) continue;
      if (this.#size === MOST_VALUES) return false;
      this.#used[this.#size++] = slot;
      this.#bits[slot] = key;
    }
    return true;
  }

  distinct(): Distinct {
    const slots = this.#used.slice(0, this.#size).sort((a, b) => this.#keys[a]! - this.#keys[b]!);
    return {
      values: Float32Array.from(slots, (slot) => this.#keys[slot]!),
      counts: slots.map((slot) => this.#counts[slot]!),
    };
  }
}

function bitsOf(values: Float32Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length);
}

/** The bits of 0 for -0. */
function normal(bits: number): number {
  return bits === -0x80000000 ? 0 : bits;
}

/** The slot that holds the key, or the free one where it belongs. */
function slotOf(key: number, keys: Int32Array, counts: Int32Array): number {
  let slot = Math.imul(key ^ (key >>> 15), 0x9e3779b1) >>> 16;
  while (counts[slot]! > 0 && keys[slot]! !== key) slot = (slot + 1) & (SLOTS - 1);
  return slot;
}
