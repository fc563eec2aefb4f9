import type { ScoredClassification } from "../scored.ts";
import { additive } from "./additive.ts";

/** Mean over classes of 2·hits / (predicted + actual), for the classes that occur in either; scikit-learn's f1_score(average="macro"). */
export const f1 = additive<ScoredClassification>({
  means: ({ classes }) => 2 * classes.length,
  add({ actual, top, classes }, cellOf, sums) {
    for (let row = 0; row < actual.length; row++) {
      const cell = cellOf[row]!;
      if (top[row] === actual[row]) sums[actual[row]!]![cell]! += 1;
      sums[classes.length + top[row]!]![cell]! += 1;
      sums[classes.length + actual[row]!]![cell]! += 1;
    }
  },
  value(means) {
    const classes = means.length / 2;
    let sum = 0;
    let occurring = 0;
    for (let each = 0; each < classes; each++) {
      const predictedAndActual = means[classes + each]!;
      if (predictedAndActual === 0) continue;
      sum += (2 * means[each]!) / predictedAndActual;
      occurring += 1;
    }
    return sum / occurring;
  },
});
