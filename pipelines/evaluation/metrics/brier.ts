import type { ScoredClassification } from "../scored.ts";
import { additive } from "./additive.ts";

/**
 * Mean squared distance of probabilities and outcome; scikit-learn's brier_score_loss with its defaults. Two classes: mean
 * (p − y)² of the last class, 0..1. More: the sum over the classes, 0..2, so the two are not on one scale.
 */
export const brier = additive<ScoredClassification>({
  means: () => 1,
  add({ actual, classes, judged, probabilities }, cellOf, [squares]) {
    const [first, end] = judged === 2 ? [1, 2] : [0, classes.length];
    for (let row = 0; row < actual.length; row++) {
      let sum = 0;
      for (let each = first; each < end; each++) {
        const distance = probabilities[row * classes.length + each]! - (actual[row] === each ? 1 : 0);
        sum += distance * distance;
      }
      squares![cellOf[row]!]! += sum;
    }
  },
  value: (means) => means[0]!,
});
