import type { ScoredRegression } from "../scored.ts";
import { additive } from "./additive.ts";

/**
 * Mean absolute error relative to the target, as a share (0.1 is 10%); scikit-learn's mean_absolute_percentage_error.
 * A target of zero divides by the float64 epsilon as there, which gives an enormous, but finite, number.
 */
export const mape = additive<ScoredRegression>({
  name: "mape",
  direction: "min",
  means: () => 1,
  add({ actual, predicted }, cellOf, [shares]) {
    for (let row = 0; row < actual.length; row++) {
      const size = Math.max(Math.abs(actual[row]!), Number.EPSILON);
      shares![cellOf[row]!]! += Math.abs(predicted[row]! - actual[row]!) / size;
    }
  },
  value: (means) => means[0]!,
});
