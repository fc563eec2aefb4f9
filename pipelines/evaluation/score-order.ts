const bits = 11;
const buckets = 1 << bits;

/** Row indices by falling score, equal scores in row order. Scores are read as float32, which is what models give; a radix sort, because 10⁶ rows take it milliseconds. */
export function fallingOrder(scores: ArrayLike<number>): Int32Array {
  const rows = scores.length;
  const keys = new Uint32Array(rows);
  const floats = Float32Array.from(scores);
  const words = new Uint32Array(floats.buffer);
  for (let row = 0; row < rows; row++) {
    const word = words[row]! === 0x80000000 ? 0 : words[row]!;
    // Flips IEEE 754 bits so that unsigned order is numeric order (sign bit for positive, all for negative), then inverts it.
    keys[row] = ~(word & 0x80000000 ? ~word : word | 0x80000000);
  }
  let order = Int32Array.from({ length: rows }, (_, row) => row);
  let spare = new Int32Array(rows);
  for (let shift = 0; shift < 32; shift += bits) {
    pass(keys, order, spare, shift);
    [order, spare] = [spare, order];
  }
  return order;
}

function pass(keys: Uint32Array, from: Int32Array, to: Int32Array, shift: number): void {
  const starts = new Int32Array(buckets + 1);
  for (let i = 0; i < from.length; i++) starts[((keys[i]! >>> shift) & (buckets - 1)) + 1]! += 1;
  for (let bucket = 0; bucket < buckets; bucket++) starts[bucket + 1]! += starts[bucket]!;
  for (let i = 0; i < from.length; i++) {
    const row = from[i]!;
    to[starts[(keys[row]! >>> shift) & (buckets - 1)]!++] = row;
  }
}
