/**
 * Probabilities [rows × classes], row-major, of scores [outputs × rows]: the sigmoid of one score with two classes, else
 * the softmax.
 */
export function probabilities(scores: Float64Array, rows: number, classes: number): Float32Array {
  const result = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) {
    const into = result.subarray(row * classes, (row + 1) * classes);
    if (classes === 2) sigmoid(scores[row]!, into);
    else softmax(scores, row, rows, into);
  }
  return result;
}

function sigmoid(score: number, into: Float32Array): void {
  into[0] = 1 / (1 + Math.exp(score));
  into[1] = 1 / (1 + Math.exp(-score));
}

function softmax(scores: Float64Array, row: number, rows: number, into: Float32Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < into.length; i++) largest = Math.max(largest, scores[i * rows + row]!);
  let sum = 0;
  for (let i = 0; i < into.length; i++) sum += Math.exp(scores[i * rows + row]! - largest);
  for (let i = 0; i < into.length; i++) into[i] = Math.exp(scores[i * rows + row]! - largest) / sum;
}
