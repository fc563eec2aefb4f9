import { BLOCK_ROWS } from "./design.ts";

/**
 * Turns logits [outputs, BLOCK_ROWS] into probabilities in place and returns the sum of -log p of the true classes.
 * One output is the logit of class 1 of two; more are a softmax.
 */
export function toProbabilities(logits: Float64Array, outputs: number, count: number, codes: Int32Array): number {
  return outputs === 1 ? sigmoid(logits, count, codes) : softmax(logits, outputs, count, codes);
}

// The loss is taken from the logits, where a probability near 0 or 1 has lost its digits.
function sigmoid(logits: Float64Array, count: number, codes: Int32Array): number {
  let loss = 0;
  for (let i = 0; i < count; i++) {
    const logit = logits[i]!;
    const small = Math.exp(-Math.abs(logit));
    loss += Math.log1p(small) + Math.max(0, codes[i] === 1 ? -logit : logit);
    logits[i] = logit >= 0 ? 1 / (1 + small) : small / (1 + small);
  }
  return loss;
}

function softmax(logits: Float64Array, outputs: number, count: number, codes: Int32Array): number {
  let loss = 0;
  for (let i = 0; i < count; i++) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < outputs; k++) largest = Math.max(largest, logits[k * BLOCK_ROWS + i]!);
    const own = logits[codes[i]! * BLOCK_ROWS + i]!;
    let sum = 0;
    for (let k = 0; k < outputs; k++)
      sum += logits[k * BLOCK_ROWS + i] = Math.exp(logits[k * BLOCK_ROWS + i]! - largest);
    for (let k = 0; k < outputs; k++) logits[k * BLOCK_ROWS + i]! /= sum;
    loss += Math.log(sum) + largest - own;
  }
  return loss;
}
