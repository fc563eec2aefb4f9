import type { ScoredRegression } from "../scored.ts";
import { additive } from "./additive.ts";

/** Root mean squared error, in the target's unit; scikit-learn's root_mean_squared_error. */
export const rmse = additive<ScoredRegression>({
  means: () => 1,
  add({ actual, predicted }, cellOf, [squares]) {
    for (let row = 0; row < actual.length; row++) {
      const error = predicted[row]! - actual[row]!;
      squares![cellOf[row]!]! += error * error;
    }
  },
  value: (means) => Math.sqrt(means[0]!),
});
