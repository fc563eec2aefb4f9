import type { Loss } from "./loss.ts";
import { quantileLoss } from "./quantile.ts";

const half = quantileLoss(0.5);

/** |score − target|, which predicts the median: twice the quantile loss of one half. */
export const absoluteLoss: Loss = {
  ...half,
  metric: "mae",
  observe({ scores, targets }, from, to, losses) {
    for (let row = from; row < to; row++) losses[row - from] = Math.abs(scores[row]! - targets[row]!);
  },
  derivatives({ scores, targets }, _output, from, to, gradients) {
    for (let row = from; row < to; row++) gradients[row - from] = scores[row]! >= targets[row]! ? 1 : -1;
  },
  noise: () => 1,
};
