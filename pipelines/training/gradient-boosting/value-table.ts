import type { Distinct } from "./binning.ts";

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
