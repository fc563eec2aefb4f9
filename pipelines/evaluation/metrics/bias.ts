import type { ScoredRegression } from "../scored.ts";
import { additive } from "./additive.ts";

/** Mean of prediction − target, in the target's unit: positive when the model predicts too much. Judged by its size, shown with its sign. */
export const bias = additive<ScoredRegression>({
  smooth: false,
  judged: Math.abs,
  means: () => 1,
  add({ actual, predicted }, cellOf, [errors]) {
    for (let row = 0; row < actual.length; row++) errors![cellOf[row]!]! += predicted[row]! - actual[row]!;
  },
  value: (means) => means[0]!,
});
