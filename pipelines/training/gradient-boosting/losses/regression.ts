import { exactMean, largest } from "../fixed-point.ts";
import type { Loss } from "./loss.ts";
import { quantileOfTargets } from "./prior.ts";

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

/**
 * ½(score − target)² up to an error of `delta`, beyond it delta·(|error| − ½delta) (Huber 1964). Trees are grown with a
 * second derivative of 1; a leaf takes one step from the residuals' median (Friedman 2001, algorithm 4).
 */
export function huberLoss(delta: number): Loss {
  const clipped = (error: number) => Math.max(-delta, Math.min(delta, error));
  const leafOf = (residuals: Float64Array) => {
    const median = quantileOfTargets(residuals, 0.5);
    let sum = 0;
    for (const residual of residuals) sum += clipped(residual - median);
    return median + sum / residuals.length;
  };
  return {
    metric: "huber",
    outputs: 1,
    unitHessian: true,
    start(targets) {
      const base = Math.fround(targets.length > 0 ? leafOf(targets.slice().sort()) : 0);
      let largest = 0;
      for (const target of targets) largest = Math.max(largest, Math.abs(target - base));
      return { base: [base], largestGradient: delta, largestLoss: Math.min(largest, delta) * largest };
    },
    observe({ scores, targets }, from, to, losses) {
      for (let row = from; row < to; row++) {
        const size = Math.abs(scores[row]! - targets[row]!);
        losses[row - from] = size <= delta ? 0.5 * size * size : delta * (size - 0.5 * delta);
      }
    },
    derivatives({ scores, targets }, _output, from, to, gradients) {
      for (let row = from; row < to; row++) gradients[row - from] = clipped(scores[row]! - targets[row]!);
    },
    leafOf,
    report: (meanLoss) => meanLoss,
    // A squared gradient is never more than twice the loss.
    noise: (meanLoss) => Math.min(2 * meanLoss, delta * delta),
  };
}

/** The delta under which a tenth of the rows lies further from the median than that; 1 where they all are at the median. */
export function typicalDelta(targets: Float64Array): number {
  const median = quantileOfTargets(targets.slice().sort(), 0.5);
  const distance = quantileOfTargets(targets.map((target) => Math.abs(target - median)).sort(), 0.9);
  return distance > 0 ? distance : 1;
}

/**
 * (score − target)·(1 − q) above the target and (target − score)·q below it, which predicts the quantile q (Koenker and
 * Bassett 1978). Its second derivative is 0; trees are grown with 1 in its place, and leaves take the residuals' quantile.
 */
export function quantileLoss(q: number): Loss {
  return {
    metric: `pinball_${q}`,
    outputs: 1,
    unitHessian: true,
    start: (targets) => startAtQuantile(targets, q),
    observe({ scores, targets }, from, to, losses) {
      for (let row = from; row < to; row++) {
        const error = scores[row]! - targets[row]!;
        losses[row - from] = error > 0 ? error * (1 - q) : -error * q;
      }
    },
    derivatives({ scores, targets }, _output, from, to, gradients) {
      for (let row = from; row < to; row++) gradients[row - from] = scores[row]! >= targets[row]! ? 1 - q : -q;
    },
    leafOf: (residuals) => quantileOfTargets(residuals, q),
    report: (meanLoss) => meanLoss,
    // The variance of the gradient where a share q of the targets lies below the score.
    noise: () => q * (1 - q),
  };
}

function startAtQuantile(targets: Float64Array, q: number) {
  const base = Math.fround(quantileOfTargets(targets.slice().sort(), q));
  let largest = 0;
  for (const target of targets) largest = Math.max(largest, Math.abs(target - base));
  return { base: [base], largestGradient: 1, largestLoss: largest };
}

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
