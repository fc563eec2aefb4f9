import type { ScoredClassification } from "../scored.ts";
import { additive } from "./additive.ts";

/** Share of rows whose most probable class is the true one; scikit-learn's accuracy_score. */
export const accuracy = additive<ScoredClassification>({
  means: () => 1,
  add({ actual, top }, cellOf, [right]) {
    for (let row = 0; row < actual.length; row++) if (top[row] === actual[row]) right![cellOf[row]!]! += 1;
  },
  value: (means) => means[0]!,
});
