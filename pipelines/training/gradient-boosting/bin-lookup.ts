import type { Bins } from "./binning.ts";
import { orderedBits } from "./sorted-values.ts";

/** Upper bits of a value that the table goes by: sign, exponent and seven bits of the fraction. */
const PREFIX = 16;

/**
 * Gives a function that writes the bin codes of the rows from..to; NaN gets `bins.count`. A table by the upper bits of a
 * value says where to look, so that a search takes a step or two instead of eight that are mispredicted half of the time.
 */
export function binLookup({ cuts, count }: Bins) {
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
