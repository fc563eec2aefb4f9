import { exactMean } from "../fixed-point.ts";
import type { Loss } from "./loss.ts";

/** ½(score − target)², which predicts the mean; its curve is the rmse. */
export const squaredLoss: Loss = {
  metric: "rmse",
  outputs: 1,
  unitHessian: true,
  start(targets) {
    const base = Math.fround(exactMean(targets));
    let largest = 0;
    for (const target of targets) largest = Math.max(largest, Math.abs(target - base));
    return { base: [base], largestGradient: largest, largestLoss: largest * largest };
  },
  observe({ scores, targets }, from, to, losses) {
    for (let row = from; row < to; row++) {
      const error = scores[row]! - targets[row]!;
      losses[row - from] = 0.5 * error * error;
    }
  },
  derivatives({ scores, targets }, _output, from, to, gradients) {
    for (let row = from; row < to; row++) gradients[row - from] = scores[row]! - targets[row]!;
  },
  report: (meanLoss) => Math.sqrt(2 * meanLoss),
  noise: (meanLoss) => 2 * meanLoss,
};
