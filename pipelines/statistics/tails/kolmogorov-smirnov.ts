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

/** Exact chance, for up to some 10,000 rows on each side, that the distribution functions of two samples differ by the statistic or more. */
function exactTail(statistic: number, first: number, second: number): number {
  const [larger, smaller] = first < second ? [second, first] : [first, second];
  const divisor = greatestCommonDivisor(larger, smaller);
  const steps: Steps = { larger: larger / divisor, smaller: smaller / divisor };
  // All differences are multiples of this, so rounding takes off no more than the error of the arithmetic.
  const limit = Math.round(statistic * steps.larger * smaller);
  if (limit === 0) return 1;
  return larger === smaller ? tailOfEqualSizes(limit, larger) : shareOfPathsOutside(limit, larger, smaller, steps);
}

interface Steps {
  larger: number;
  smaller: number;
}

/** 2 Σ (−1)ⁱ⁻¹ C(2n, n − ih) / C(2n, n), as nested products (Gnedenko and Korolyuk 1951). */
function tailOfEqualSizes(limit: number, rows: number): number {
  let tail = 0;
  for (let k = Math.floor(rows / limit); k >= 0; k--) {
    let ratio = 1;
    for (let j = 0; j < limit; j++) ratio *= (rows - k * limit - j) / (rows + k * limit + j + 1);
    tail = ratio * (1 - tail);
  }
  return Math.min(2 * tail, 1);
}

/**
 * Of the lattice paths from (0, 0) to (larger, smaller), all equally likely, the share that leaves |x/larger − y/smaller| < D.
 * A path to (x, y) came from (x − 1, y) with probability x / (x + y) and from (x, y − 1) otherwise, so shares of the one
 * follow from shares of the other two, without large numbers and without subtraction (Hodges 1958).
 */
function shareOfPathsOutside(limit: number, larger: number, smaller: number, steps: Steps): number {
  const outside = new Float64Array(smaller + 1).fill(1);
  outside.fill(0, 0, Math.min(Math.ceil(limit / steps.larger), smaller + 1));
  for (let x = 1; x <= larger; x++) {
    const centre = steps.smaller * x;
    const low = Math.max(Math.floor((centre - limit) / steps.larger) + 1, 0);
    const high = Math.min(Math.ceil((centre + limit) / steps.larger), smaller + 1);
    let share = low > 0 ? 1 : 0;
    for (let y = low; y < high; y++) {
      share = (outside[y]! * x + share * y) / (x + y);
      outside[y] = share;
    }
  }
  return outside[smaller]!;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
