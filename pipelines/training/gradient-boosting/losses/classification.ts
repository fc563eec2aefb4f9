import type { Loss, LossRows } from "./loss.ts";
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

/** Log loss of the softmax of one score per class; the second derivatives are the diagonal p(1 − p). */
export function softmaxLoss(classes: number): Loss {
  return {
    metric: "log_loss",
    outputs: classes,
    unitHessian: false,
    start(targets, weights) {
      const base = Array.from({ length: classes }, (_, code) => Math.fround(logShare(targets, code, weights?.[code])));
      return { base, largestGradient: 1, largestLoss: 64 };
    },
    observe(state, from, to, losses) {
      for (let row = from; row < to; row++) losses[row - from] = observeRow(state, row, classes);
    },
    derivatives({ rows, targets, probabilities }, output, from, to, gradients, hessians) {
      const first = output * rows;
      for (let row = from; row < to; row++) {
        const probability = probabilities[first + row]!;
        gradients[row - from] = targets[row] === output ? probability - 1 : probability;
        hessians[row - from] = probability * (1 - probability);
      }
    },
    report: (meanLoss) => meanLoss,
    // As for the logistic loss.
    noise: () => 1,
  };
}

/** Softmax of one row, less its largest score so that nothing overflows; gives −log of the target's probability. */
function observeRow({ rows, scores, targets, probabilities }: LossRows, row: number, classes: number): number {
  const end = classes * rows;
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = row; i < end; i += rows) if (scores[i]! > largest) largest = scores[i]!;
  let sum = 0;
  for (let i = row; i < end; i += rows) sum += probabilities[i] = Math.exp(scores[i]! - largest);
  for (let i = row; i < end; i += rows) probabilities[i]! /= sum;
  return Math.log(sum) + largest - scores[targets[row]! * rows + row]!;
}
