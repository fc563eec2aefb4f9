import { twoSidedNormalTail } from "./distributions.ts";

/** How many of so many rows have the property. */
export interface Proportion {
  count: number;
  rows: number;
}

/**
 * The pooled z test of two proportions: z is positive when the second is the larger. Where there is no variance, because all
 * rows have the property or none, z is 0 and p is 1. null when a side has no rows.
 */
export function twoProportions(first: Proportion, second: Proportion): { z: number; p: number } | null {
  if (first.rows === 0 || second.rows === 0) return null;
  const pooled = (first.count + second.count) / (first.rows + second.rows);
  const variance = pooled * (1 - pooled) * (1 / first.rows + 1 / second.rows);
  const z = variance > 0 ? (second.count / second.rows - first.count / first.rows) / Math.sqrt(variance) : 0;
  return { z, p: twoSidedNormalTail(z) };
}
