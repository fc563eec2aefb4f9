import type { Loss } from "./loss.ts";

/**
 * Weights by class under which every class that has rows counts the same, and all rows together as many as they are:
 * rows / (classes · rows of the class), as scikit-learn's `balanced`.
 */
export function balancedWeights(codes: Float64Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const code of codes) counts[code]!++;
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? codes.length / (present * count) : 1));
}

/** The loss with each row's loss and derivatives multiplied by the weight of its class. */
export function withClassWeights(loss: Loss, weights: readonly number[]): Loss {
  const largest = Math.max(1, ...weights);
  let noise = 1;
  return {
    ...loss,
    metric: `weighted ${loss.metric}`,
    start(targets) {
      const start = loss.start(targets, weights);
      noise = meanSquareOverMean(targets, weights);
      const { largestGradient, largestLoss } = start;
      return { ...start, largestGradient: largest * largestGradient, largestHessian: largest, largestLoss };
    },
    observe(rows, from, to, losses) {
      loss.observe(rows, from, to, losses);
      for (let row = from; row < to; row++) losses[row - from]! *= weights[rows.targets[row]!]!;
    },
    derivatives(rows, output, from, to, gradients, hessians) {
      loss.derivatives(rows, output, from, to, gradients, hessians);
      for (let row = from; row < to; row++) {
        const weight = weights[rows.targets[row]!]!;
        gradients[row - from]! *= weight;
        hessians[row - from]! *= weight;
      }
    },
    noise: (meanLoss) => noise * loss.noise(meanLoss),
  };
}

/** A weight enters the gradient's square twice, and the hessian once. */
function meanSquareOverMean(targets: Float64Array, weights: readonly number[]): number {
  const counts = new Array<number>(weights.length).fill(0);
  for (const target of targets) counts[target]!++;
  const sum = (power: number) => counts.reduce((total, count, code) => total + count * weights[code]! ** power, 0);
  return targets.length === 0 ? 1 : sum(2) / sum(1);
}
