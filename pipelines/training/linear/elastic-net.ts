import { UserError } from "../../errors/user-error.ts";
import type { NormalEquations } from "./normal-equations.ts";
import { sparseMinimum } from "./sparse-minimum.ts";

/**
 * Weights [width] that minimise Σ(y - Xw)² + l2·Σw² + l1·Σ|w|, the intercept not penalised: scikit-learn's
 * ElasticNet(alpha, l1_ratio) with l2 = rows·alpha·(1 - l1_ratio) and l1 = 2·rows·alpha·l1_ratio. Throws UserError
 * when it does not converge.
 */
export function fitElasticNet(equations: NormalEquations, rows: number, l2: number, l1: number): Float64Array {
  const { gram, right, mean } = equations;
  const width = right.length;
  const centred = new Float64Array((width - 1) ** 2);
  const slope = new Float64Array(width - 1);
  // The intercept follows from the other weights, so it drops out when every column is taken from its mean.
  for (let a = 1; a < width; a++) {
    for (let b = 1; b < width; b++) {
      centred[(a - 1) * (width - 1) + b - 1] = gram[a * width + b]! - (gram[a]! * gram[b]!) / rows;
    }
    centred[(a - 1) * width] = Math.max(0, centred[(a - 1) * width]!) + l2;
    slope[a - 1] = right[a]! - (gram[a]! * right[0]!) / rows;
  }
  const lasso = new Float64Array(width - 1).fill(l1 / 2);
  const { x: found, converged } = sparseMinimum({ matrix: centred, right: slope, lasso }, new Float64Array(width - 1));
  if (!converged) {
    throw new UserError({
      message: "The elastic net did not converge: some columns are almost the same as others.",
      hint: "Raise `params.l2`, or leave one of such columns out.",
      key: "params.l2",
    });
  }
  const shift = found.reduce((sum, weight, at) => sum + weight * gram[at + 1]!, 0);
  return Float64Array.of(mean + (right[0]! - shift) / rows, ...found);
}
