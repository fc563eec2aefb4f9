import type { Steps } from "./steps.ts";

/**
 * The largest difference of the two distribution functions. On the edges of an exact reference it is that of the rows: between
 * two of its values the reference's function is flat and the window's rises, so the largest difference is at an end.
 */
export function largestDifference({ edges, reference, current }: Steps): number {
  let largest = 0;
  for (let at = 0; at < edges.length; at++) {
    const below = Math.abs(reference.below[at]! - current.below[at]!);
    const upTo = Math.abs(reference.upTo[at]! - current.upTo[at]!);
    largest = Math.max(largest, below, upTo);
  }
  return largest;
}

/**
 * Chance of so large a difference without drift: Kolmogorov's limiting distribution with the rows that two samples of these
 * sizes are worth. Of few or tied rows it is too large rather than too small.
 */
export function differenceTail(difference: number, reference: number, current: number): number {
  const scaled = difference * Math.sqrt((reference * current) / (reference + current));
  return kolmogorovTail(scaled);
}

/** 1 − K(x), by the series that converges fast on this side of 1 (Press et al., Numerical Recipes, 6.14). */
function kolmogorovTail(x: number): number {
  if (x < 0.2) return 1;
  if (x < 1.18) {
    const y = Math.exp(-(Math.PI ** 2) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * (y + y ** 9 + y ** 25 + y ** 49);
  }
  const y = Math.exp(-2 * x * x);
  return 2 * (y - y ** 4 + y ** 9);
}
