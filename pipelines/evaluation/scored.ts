/** Predictions beside the truth, all finite, computed on as float64 although ONNX Runtime gave float32. */
export interface ScoredRegression {
  rows: number;
  actual: Float64Array;
  predicted: Float64Array;
}

/** Probabilities beside the truth; both sides of a comparison use the same `classes`. */
export interface ScoredClassification {
  rows: number;
  /** Index into `classes` per row. */
  actual: Int32Array;
  classes: readonly string[];
  /** The first so many classes are the candidate's or the test rows'; the rest only production knows. Two make it binary, and class 1 the positive one. */
  judged: number;
  /** [rows, classes.length] row-major. */
  probabilities: Float64Array;
  /** The class of the highest probability per row, the first one on a tie (as argmax). */
  top: Int32Array;
}

/** Some rows of a regression, in the order given. */
export function takeRegression(scored: ScoredRegression, rows: Int32Array): ScoredRegression {
  const actual = new Float64Array(rows.length);
  const predicted = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    actual[i] = scored.actual[rows[i]!]!;
    predicted[i] = scored.predicted[rows[i]!]!;
  }
  return { rows: rows.length, actual, predicted };
}

/** Some rows of a classification, in the order given. */
export function takeClassification(scored: ScoredClassification, rows: Int32Array): ScoredClassification {
  const width = scored.classes.length;
  const probabilities = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * width;
    for (let c = 0; c < width; c++) probabilities[i * width + c] = scored.probabilities[from + c]!;
  }
  const actual = Int32Array.from(rows, (row) => scored.actual[row]!);
  const top = Int32Array.from(rows, (row) => scored.top[row]!);
  return { ...scored, rows: rows.length, actual, probabilities, top };
}

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
