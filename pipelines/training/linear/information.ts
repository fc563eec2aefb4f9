import { BLOCK_ROWS, blocks, type Design } from "./design.ts";
import { addGram, mirror, multiply } from "./products.ts";
import { toProbabilities } from "./softmax.ts";

/**
 * The observed information of a logistic regression, the second derivatives of Σ -log p without penalty:
 * [width·outputs, width·outputs], in the order of the weights. Memory grows with the square of both.
 */
export function informationOf(design: Design, codes: Int32Array, weights: Float64Array, outputs: number): Float64Array {
  const grams = Array.from({ length: outputs ** 2 }, (_, at) => {
    return at % outputs < Math.floor(at / outputs) ? null : new Float64Array(design.width ** 2);
  });
  const probabilities = new Float64Array(outputs * BLOCK_ROWS);
  const rowWeights = new Float64Array(BLOCK_ROWS);
  for (const block of blocks(design)) {
    multiply(probabilities, design, block, weights, outputs);
    toProbabilities(probabilities, outputs, block.count, codes.subarray(block.start, block.start + block.count));
    for (const [at, gram] of grams.entries()) {
      if (gram === null) continue;
      covariance(rowWeights, probabilities, Math.floor(at / outputs), at % outputs, block.count);
      addGram(gram, design, block, rowWeights);
    }
  }
  for (const gram of grams) if (gram !== null) mirror(gram, design.width);
  return interleaved(grams, design.width, outputs);
}

function covariance(out: Float64Array, probabilities: Float64Array, k: number, other: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const p = probabilities[k * BLOCK_ROWS + i]!;
    out[i] = p * ((k === other ? 1 : 0) - probabilities[other * BLOCK_ROWS + i]!);
  }
}

function interleaved(grams: readonly (Float64Array | null)[], width: number, outputs: number): Float64Array {
  const size = width * outputs;
  const whole = new Float64Array(size * size);
  for (let k = 0; k < outputs; k++) {
    for (let other = 0; other < outputs; other++) {
      const gram = (grams[k * outputs + other] ?? grams[other * outputs + k])!;
      for (let a = 0; a < width; a++) {
        const row = (a * outputs + k) * size + other;
        for (let b = 0; b < width; b++) whole[row + b * outputs] = gram[a * width + b]!;
      }
    }
  }
  return whole;
}

/** Adds rows/outputs to every pair of intercepts: the one direction that no probability depends on, all intercepts up by the same, gets a curvature. */
export function tieIntercepts(matrix: Float64Array, size: number, outputs: number, rows: number): void {
  if (outputs === 1) return;
  for (let k = 0; k < outputs; k++) {
    for (let other = 0; other < outputs; other++) matrix[k * size + other]! += rows / outputs;
  }
}
