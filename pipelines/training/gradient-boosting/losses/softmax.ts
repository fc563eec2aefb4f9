import type { Loss, LossRows } from "./loss.ts";
import { logShare } from "./prior.ts";

/** Log loss of the softmax of one score per class; the second derivatives are the diagonal p(1 − p). */
export function softmaxLoss(classes: number): Loss {
  return {
    metric: "log_loss",
    outputs: classes,
    unitHessian: false,
    start(targets) {
      const base = Array.from({ length: classes }, (_, code) => Math.fround(logShare(targets, code)));
      return { base, largestGradient: 1, largestLoss: 64 };
    },
    observe(state, losses) {
      for (let row = 0; row < state.rows; row++) losses[row] = observeRow(state, row, classes);
    },
    derivatives({ rows, targets, probabilities }, output, gradients, hessians) {
      const from = output * rows;
      for (let row = 0; row < rows; row++) {
        const probability = probabilities[from + row]!;
        gradients[row] = targets[row] === output ? probability - 1 : probability;
        hessians[row] = probability * (1 - probability);
      }
    },
    report: (meanLoss) => meanLoss,
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
