import { exactTail } from "./exact-kolmogorov.ts";
import { oneSampleTail } from "./one-sample-kolmogorov.ts";

/** From more rows than these on the exact distribution takes too long, and is not needed. */
const mostRowsForExact = 10_000;

/**
 * The two-sided two-sample test of Kolmogorov and Smirnov on sorted values without NaN; ties are allowed. As scipy's
 * `ks_2samp` with its defaults. null when a side has no values.
 */
export function kolmogorovSmirnov(first: Float64Array, second: Float64Array): { statistic: number; p: number } | null {
  if (first.length === 0 || second.length === 0) return null;
  const statistic = largestDifference(first, second);
  return { statistic, p: kolmogorovSmirnovTail(statistic, first.length, second.length) };
}

/**
 * Chance of a largest difference of two distribution functions of so many rows (at least one each) that is not less than the
 * statistic. Exact up to 10,000 rows each; beyond that, that of one sample with as many rows as the two are worth together.
 */
export function kolmogorovSmirnovTail(statistic: number, first: number, second: number): number {
  if (Math.max(first, second) <= mostRowsForExact) return exactTail(statistic, first, second);
  const larger = Math.max(first, second);
  return oneSampleTail(statistic, Math.round(larger * (Math.min(first, second) / (first + second))));
}

function largestDifference(first: Float64Array, second: Float64Array): number {
  let [i, j, largest] = [0, 0, 0];
  while (i < first.length && j < second.length) {
    const value = Math.min(first[i]!, second[j]!);
    while (first[i] === value) i++;
    while (second[j] === value) j++;
    largest = Math.max(largest, Math.abs(i / first.length - j / second.length));
  }
  return largest;
}
