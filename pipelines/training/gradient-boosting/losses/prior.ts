import { quantileOfSorted } from "../../../statistics/order-statistics.ts";

/**
 * Log of the share of a class among the rows, which may weigh more or less; a class without rows counts as half a row, so
 * that its score is finite.
 */
export function logShare(targets: Float64Array, code: number, weight = 1): number {
  let rows = 0;
  for (const target of targets) if (target === code) rows++;
  return Math.log(Math.max(rows * weight, 0.5) / Math.max(targets.length, 1));
}

/** As `quantileOfSorted`, but 0 of nothing and never minus zero. */
export function quantileOfTargets(sorted: Float64Array, q: number): number {
  return sorted.length === 0 ? 0 : quantileOfSorted(sorted, q) + 0;
}
