import type { NumericDistribution } from "../profile/distribution.ts";
import type { Steps } from "./steps.ts";

/**
 * The first Wasserstein distance, in the column's own unit: the area between the two distribution functions. Between two
 * edges both are taken to be straight; beyond the outer edges, where the reference has nothing, the sums make it exact.
 */
export function wassersteinDistance({ edges, reference, current }: Steps, window: NumericDistribution): number {
  const values = window.counts.reduce((sum, count) => sum + count, 0);
  let area = (window.below + window.above) / values;
  for (let at = 1; at < edges.length; at++) {
    const left = reference.upTo[at - 1]! - current.upTo[at - 1]!;
    const right = reference.below[at]! - current.below[at]!;
    area += (edges[at]! - edges[at - 1]!) * meanDistance(left, right);
  }
  return area;
}

/** Mean of |d| where d goes straight from `left` to `right`. */
function meanDistance(left: number, right: number): number {
  if (left * right >= 0) return Math.abs(left + right) / 2;
  return (left * left + right * right) / (2 * (Math.abs(left) + Math.abs(right)));
}
