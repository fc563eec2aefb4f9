import type { NormalEquations } from "./normal-equations.ts";
import { factor, penalties } from "./penalty.ts";

// Per row. With it collinear columns, or more columns than rows, have one answer even when the user asks for no penalty.
const LEAST_RIDGE = 1e-9;

/** Weights [width] that minimise Σ(y - Xw)² + l2·Σw², the intercept not penalised: scikit-learn's Ridge(alpha=l2). */
export function fitRidge({ gram, right, mean }: NormalEquations, rows: number, l2: number): Float64Array {
  const weights = factor(gram, penalties(right.length, l2, LEAST_RIDGE * rows), 1)(right);
  weights[0]! += mean;
  return weights;
}
