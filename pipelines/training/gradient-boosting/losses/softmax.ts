import type { Loss, LossRows } from "./loss.ts";
import { logShare } from "./prior.ts";

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
