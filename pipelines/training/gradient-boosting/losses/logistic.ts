import type { Loss } from "./loss.ts";
import { logShare } from "./prior.ts";

/** Log loss of the sigmoid of one score: log(1 + e^s) − s·y. The score is the logit of class 1. */
export const logisticLoss: Loss = {
  metric: "log_loss",
  outputs: 1,
  unitHessian: false,
  start(targets, weights) {
    const base = Math.fround(logShare(targets, 1, weights?.[1]) - logShare(targets, 0, weights?.[0]));
    return { base: [base], largestGradient: 1, largestLoss: 64 };
  },
  observe({ scores, targets, probabilities }, from, to, losses) {
    for (let row = from; row < to; row++) {
      const score = scores[row]!;
      // e^-|s| never overflows.
      const small = Math.exp(-Math.abs(score));
      const likely = 1 / (1 + small);
      probabilities[row] = score >= 0 ? likely : small * likely;
      const wrong = score >= 0 !== targets[row]! > 0;
      losses[row - from] = Math.log(1 + small) + (wrong ? Math.abs(score) : 0);
    }
  },
  derivatives({ targets, probabilities }, _output, from, to, gradients, hessians) {
    for (let row = from; row < to; row++) {
      const probability = probabilities[row]!;
      gradients[row - from] = probability - targets[row]!;
      hessians[row - from] = probability * (1 - probability);
    }
  },
  report: (meanLoss) => meanLoss,
  // Of a calibrated probability p the gradient's variance is p(1 − p), the hessian.
  noise: () => 1,
};
