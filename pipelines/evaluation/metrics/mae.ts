import type { ScoredRegression } from "../scored.ts";
import { additive } from "./additive.ts";

/** Mean absolute error, in the target's unit; scikit-learn's mean_absolute_error. */
export const mae = additive<ScoredRegression>({
  means: () => 1,
  add({ actual, predicted }, cellOf, [errors]) {
    for (let row = 0; row < actual.length; row++) errors![cellOf[row]!]! += Math.abs(predicted[row]! - actual[row]!);
  },
  value: (means) => means[0]!,
});
