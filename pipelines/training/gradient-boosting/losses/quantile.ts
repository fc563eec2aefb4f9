import type { Loss } from "./loss.ts";
import { quantileOfTargets } from "./prior.ts";

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
