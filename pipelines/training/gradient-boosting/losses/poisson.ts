import { exactMean, largest } from "../fixed-point.ts";
import type { Loss } from "./loss.ts";

/** The logarithm of the largest float32: what a model predicts cannot be larger. */
const LARGEST_SCORE = 88;

/**
 * Half the deviance of a count whose mean is e^score: e^s − y·s + y·log y − y. `limit` bounds the second derivative, so that
 * it can be summed in fixed point; it is some times the largest target, where scores stay below.
 */
export function poissonLoss(limit: number): Loss {
  return {
    metric: "poisson_deviance",
    outputs: 1,
    unitHessian: false,
    link: "log",
    start(targets) {
      const base = Math.fround(Math.log(exactMean(targets)));
      const most = largest(targets);
      return { base: [base], largestGradient: most, largestHessian: limit, largestLoss: 64 * most };
    },
    observe({ scores, targets, probabilities }, from, to, losses) {
      for (let row = from; row < to; row++) {
        const score = scores[row]!;
        const target = targets[row]!;
        const mean = Math.exp(Math.min(score, LARGEST_SCORE));
        probabilities[row] = mean;
        losses[row - from] = mean - target * score + (target > 0 ? target * Math.log(target) : 0) - target;
      }
    },
    derivatives({ targets, probabilities }, _output, from, to, gradients, hessians) {
      for (let row = from; row < to; row++) {
        const mean = probabilities[row]!;
        gradients[row - from] = mean - targets[row]!;
        hessians[row - from] = Math.min(mean, limit);
      }
    },
    // A Newton step of u up is the exact minimum's e^s − 1, far too far for s itself where u is large.
    leafStep: (newton) => (newton > 0 ? Math.log1p(newton) : newton),
    report: (meanLoss) => 2 * meanLoss,
    // The mean deviance estimates the dispersion, the variance per mean.
    noise: (meanLoss) => 2 * meanLoss,
  };
}

/** The limit of `poissonLoss` for these targets. */
export function meanLimit(targets: Float64Array): number {
  return 4 * largest(targets);
}
