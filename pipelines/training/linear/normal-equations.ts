import { factor, penalties } from "./conjugate-gradient.ts";
import { addGram, addTransposed, BLOCK_ROWS, blocks, type Design, mirror, multiply } from "./design.ts";

/** XᵀX [width, width], Xᵀ(y - mean) [width] and the target's mean, summed up in one pass in the order of the rows. */
export interface NormalEquations {
  gram: Float64Array;
  right: Float64Array;
  /** A target far from zero would leave its digits in the intercept. */
  mean: number;
}

export function normalEquations(design: Design, target: Float64Array): NormalEquations {
  const gram = new Float64Array(design.width ** 2);
  const right = new Float64Array(design.width);
  const centred = new Float64Array(BLOCK_ROWS);
  const mean = meanOf(target);
  for (const block of blocks(design)) {
    addGram(gram, design, block, null);
    for (let i = 0; i < block.count; i++) centred[i] = target[block.start + i]! - mean;
    addTransposed(right, design, block, centred, 1);
  }
  mirror(gram, design.width);
  return { gram, right, mean };
}

/** Σ(y - Xw)², from the rows: from the Gram matrix it would be a difference of large numbers. */
export function squaredResiduals(design: Design, target: Float64Array, weights: Float64Array): number {
  const predicted = new Float64Array(BLOCK_ROWS);
  let sum = 0;
  for (const block of blocks(design)) {
    multiply(predicted, design, block, weights, 1);
    for (let i = 0; i < block.count; i++) sum += (target[block.start + i]! - predicted[i]!) ** 2;
  }
  return sum;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

// Per row. With it collinear columns, or more columns than rows, have one answer even when the user asks for no penalty.
const LEAST_RIDGE = 1e-9;

/** Weights [width] that minimise Σ(y - Xw)² + l2·Σw², the intercept not penalised: scikit-learn's Ridge(alpha=l2). */
export function fitRidge({ gram, right, mean }: NormalEquations, rows: number, l2: number): Float64Array {
  const weights = factor(gram, penalties(right.length, l2, LEAST_RIDGE * rows), 1)(right);
  weights[0]! += mean;
  return weights;
}
