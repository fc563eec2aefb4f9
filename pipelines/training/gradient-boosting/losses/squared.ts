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
  observe({ rows, scores, targets }, losses) {
    for (let row = 0; row < rows; row++) {
      const error = scores[row]! - targets[row]!;
      losses[row] = 0.5 * error * error;
    }
  },
  derivatives({ rows, scores, targets }, _output, gradients) {
    for (let row = 0; row < rows; row++) gradients[row] = scores[row]! - targets[row]!;
  },
  report: (meanLoss) => Math.sqrt(2 * meanLoss),
};
