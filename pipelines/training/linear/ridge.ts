import { BLOCK_ROWS, blocks, type Design } from "./design.ts";
import { factor, penalties } from "./penalty.ts";
import { addGram, addTransposed, mirror } from "./products.ts";

// Per row. With it collinear columns, or more columns than rows, have one answer even when the user asks for no penalty.
const LEAST_PENALTY = 1e-9;

/**
 * Weights [width] that minimise Σ(y - Xw)² + l2·Σw², the intercept not penalised: scikit-learn's Ridge(alpha=l2).
 * Solved by the normal equations, which one pass over the rows sums up in a fixed order.
 */
export function fitRidge(design: Design, target: Float64Array, l2: number): Float64Array {
  const { width } = design;
  const gram = new Float64Array(width * width);
  const right = new Float64Array(width);
  const centred = new Float64Array(BLOCK_ROWS);
  // A target far from zero would leave its digits in the intercept.
  const mean = meanOf(target);
  for (const block of blocks(design)) {
    addGram(gram, design, block, null);
    for (let i = 0; i < block.count; i++) centred[i] = target[block.start + i]! - mean;
    addTransposed(right, design, block, centred, 1);
  }
  mirror(gram, width);
  const weights = factor(gram, penalties(width, l2, LEAST_PENALTY * design.rows), 1)(right);
  weights[0]! += mean;
  return weights;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
