import type { Loss } from "./loss.ts";
import { quantileOfTargets } from "./prior.ts";

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
