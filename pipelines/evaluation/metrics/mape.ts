import { formatCount } from "../../statistics/format-number.ts";
import type { ScoredRegression } from "../scored.ts";
import { additive } from "./additive.ts";

/** A target this much smaller than the targets' mean size makes a share of it a number about the divisor, not about the model. */
const nearZero = 1e-6;

/**
 * Mean absolute error relative to the target, as a share (0.1 is 10%); scikit-learn's mean_absolute_percentage_error where
 * no target is (near) zero. There scikit-learn divides by the float64 epsilon, and one such row outweighs all others.
 */
export const mape = additive<ScoredRegression>({
  undefinedBecause({ actual }) {
    const count = countNearZero(actual);
    if (count === 0) return null;
    return `not meaningful: ${formatCount(count)} ${count === 1 ? "target is" : "targets are"} (near) zero`;
  },
  means: () => 1,
  add({ actual, predicted }, cellOf, [shares]) {
    for (let row = 0; row < actual.length; row++) {
      shares![cellOf[row]!]! += Math.abs(predicted[row]! - actual[row]!) / Math.abs(actual[row]!);
    }
  },
  value: (means) => means[0]!,
});

function countNearZero(actual: Float64Array): number {
  let size = 0;
  for (const value of actual) size += Math.abs(value) / actual.length;
  let count = 0;
  for (const value of actual) if (Math.abs(value) <= size * nearZero) count += 1;
  return count;
}
