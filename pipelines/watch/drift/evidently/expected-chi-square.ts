import { chiSquareTail } from "../../../statistics/tails/chi-square-tail.ts";
import type { BinCounts } from "./sample.ts";
import { total } from "./share-distances.ts";

/**
 * Pearson's chi-square of the current counts against the reference's shares, taken as exact. A value that the reference does
 * not have makes the statistic infinite and p 0. Each side has rows, and there are at least two values.
 */
export function expectedChiSquare({ reference, current }: BinCounts): {
  statistic: number;
  degrees: number;
  p: number;
} {
  const scale = total(current) / total(reference);
  const statistic = reference.reduce((sum, rows, bin) => {
    const expected = rows * scale;
    return sum + (current[bin]! - expected) ** 2 / expected;
  }, 0);
  const degrees = reference.length - 1;
  return { statistic, degrees, p: chiSquareTail(statistic, degrees) };
}
