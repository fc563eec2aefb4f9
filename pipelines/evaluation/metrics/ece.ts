import type { ScoredClassification } from "../scored.ts";
import { additive } from "./additive.ts";

const bins = 10;

/**
 * Expected calibration error (Guo et al., On Calibration of Modern Neural Networks, 2017): over 10 equal bins [0, 0.1), …,
 * [0.9, 1] of the top class's probability, the mean of |share right − mean probability| weighted by rows. 0..1.
 */
export const ece = additive<ScoredClassification>({
  means: () => bins,
  smooth: false,
  add({ actual, classes, top, probabilities }, cellOf, gaps) {
    for (let row = 0; row < actual.length; row++) {
      const confidence = probabilities[row * classes.length + top[row]!]!;
      const bin = Math.min(bins - 1, Math.floor(confidence * bins));
      gaps[bin]![cellOf[row]!]! += (top[row] === actual[row] ? 1 : 0) - confidence;
    }
  },
  value: (gaps) => gaps.reduce((sum, gap) => sum + Math.abs(gap), 0),
});
