import type { ScoredClassification } from "../scored.ts";
import { additive } from "./additive.ts";

/** Mean of −ln(probability of the true class), in nats; scikit-learn's log_loss, probabilities clipped to [ε, 1−ε] with float64's ε. */
export const logLoss = additive<ScoredClassification>({
  means: () => 1,
  add({ actual, classes, probabilities }, cellOf, [losses]) {
    for (let row = 0; row < actual.length; row++) {
      const probability = probabilities[row * classes.length + actual[row]!]!;
      losses![cellOf[row]!]! -= Math.log(Math.min(Math.max(probability, Number.EPSILON), 1 - Number.EPSILON));
    }
  },
  value: (means) => means[0]!,
});
