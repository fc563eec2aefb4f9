import { deviance, stirlingError } from "./saddle-point.ts";

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

/**
 * Chance that the distribution function of `rows` values differs from that of their distribution by the statistic or more, by
 * the method that is best where it lies (Simard and L'Ecuyer, Computing the two-sided Kolmogorov-Smirnov distribution, 2011).
 */
export function oneSampleTail(statistic: number, rows: number): number {
  if (statistic >= 1) return 0;
  if (rows * statistic <= 0.5) return 1;
  const few = rows <= 140;
  const scaled = rows * statistic ** 2;
  // Far out, a function that is too high somewhere is nowhere too low.
  if (scaled >= (few ? 4 : 2.2) || statistic >= 0.5) return Math.min(2 * oneSidedTail(statistic, rows), 1);
  const exact = few || (rows <= 100_000 && rows * statistic ** 1.5 <= 1.4);
  const within = exact ? matrixDistribution(statistic, rows) : limitingDistribution(statistic, rows);
  return Math.min(Math.max(1 - within, 0), 1);
}

/** From more rows than these on the sum is as good as its approximation. */
const mostRowsForSum = 100_000;

/** Chance that the distribution function of `rows` values exceeds that of their distribution by the statistic (0..1) or more. */
function oneSidedTail(statistic: number, rows: number): number {
  // Maag and Dicaire, On Kolmogorov-Smirnov type one-sample statistics, 1971
  if (rows > mostRowsForSum) return Math.exp(-((6 * rows * statistic + 1) ** 2) / (18 * rows));
  let sum = (1 - statistic) ** rows;
  for (let j = 1; j < rows * (1 - statistic); j++) sum += smirnovTerm(j, statistic, rows);
  return sum;
}

/** x C(n, j) (x + j/n)ʲ⁻¹ (1 − x − j/n)ⁿ⁻ʲ, a binomial density over its p (Smirnov 1944). */
function smirnovTerm(j: number, statistic: number, rows: number): number {
  const mean = rows * statistic + j;
  const rest = rows - j;
  const stirling = stirlingError(rows) - stirlingError(j) - stirlingError(rest);
  const exponent = stirling - deviance(j, mean) - deviance(rest, rows - mean);
  return ((statistic * rows) / mean) * Math.sqrt(rows / (2 * Math.PI * j * rest)) * Math.exp(exponent);
}

const pi2 = Math.PI ** 2;

/**
 * Chance that the largest difference is at most the statistic, with three terms of correction for a finite number of rows; for
 * more than 140 rows, to about six digits (Pelz and Good, Approximating the lower tail-areas of the Kolmogorov-Smirnov
 * one-sample statistic, 1976).
 */
function limitingDistribution(statistic: number, rows: number): number {
  const z = statistic * Math.sqrt(rows);
  const [limit, first, second, third] = oddSums(z);
  const [evenSecond, evenThird] = evenSums(z);
  const terms = [
    limit / z,
    first / (6 * z ** 4),
    second / (72 * z ** 7) - (pi2 * evenSecond) / (36 * z ** 3),
    third / (6480 * z ** 10) + (pi2 * evenThird) / (216 * z ** 6),
  ];
  return Math.sqrt(2 * Math.PI) * terms.reduce((sum, term, order) => sum + term / rows ** (order / 2), 0);
}

const termsNeeded = (z: number) => Math.ceil((16 * z) / Math.PI);

function oddSums(z: number): [number, number, number, number] {
  const sums: [number, number, number, number] = [0, 0, 0, 0];
  for (let m = 2 * termsNeeded(z) - 1; m > 0; m -= 2) {
    const a = (pi2 * m * m) / 4;
    const weight = Math.exp(-a / (2 * z * z));
    sums[0] += weight;
    sums[1] += (a - z ** 2) * weight;
    sums[2] += (6 * z ** 6 + 2 * z ** 4 + (2 * z ** 4 - 5 * z ** 2) * a + (1 - 2 * z ** 2) * a * a) * weight;
    const free = -30 * z ** 6 - 90 * z ** 8;
    const linear = (135 * z ** 4 - 96 * z ** 6) * a;
    const square = (212 * z ** 4 - 60 * z ** 2) * a * a;
    sums[3] += (free + linear + square + (5 - 30 * z ** 2) * a ** 3) * weight;
  }
  return sums;
}

function evenSums(z: number): [number, number] {
  let [second, third] = [0, 0];
  for (let k = termsNeeded(z); k > 0; k--) {
    const weight = k * k * Math.exp((-pi2 * k * k) / (2 * z * z));
    second += weight;
    third += (3 * z * z - pi2 * k * k) * weight;
  }
  return [second, third];
}

/**
 * Exact chance that the largest difference is at most the statistic, as an element of a matrix to the power of `rows`
 * (Marsaglia, Tsang and Wang, Evaluating Kolmogorov's distribution, 2003). The matrix has about 2 rows · statistic rows.
 */
function matrixDistribution(statistic: number, rows: number): number {
  const k = Math.floor(rows * statistic) + 1;
  const size = 2 * k - 1;
  let { values, exponent } = power({ values: stepMatrix(size, k - rows * statistic), exponent: 0 }, rows, size);
  let chance = values[(k - 1) * size + k - 1]!;
  for (let i = 1; i <= rows; i++) {
    chance *= i / rows;
    if (chance < 1e-140) {
      chance *= 1e140;
      exponent -= 140;
    }
  }
  return chance * 10 ** exponent;
}

/** Times 10 to the exponent, because the powers leave the range of a number. */
interface Scaled {
  values: Float64Array;
  exponent: number;
}

/** 1 / (i − j + 1)! below and next to the diagonal; the first column and the last row know the two bounds, h from a whole row. */
function stepMatrix(size: number, h: number): Float64Array {
  const step = new Float64Array(size * size);
  for (let i = 0; i < size; i++) for (let j = 0; j <= Math.min(i + 1, size - 1); j++) step[i * size + j] = 1;
  for (let i = 0; i < size; i++) {
    step[i * size]! -= h ** (i + 1);
    step[(size - 1) * size + i]! -= h ** (size - i);
  }
  step[(size - 1) * size]! += Math.max(2 * h - 1, 0) ** size;
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) for (let g = 1; g <= i - j + 1; g++) step[i * size + j]! /= g;
  return step;
}

function power(base: Scaled, exponent: number, size: number): Scaled {
  if (exponent === 1) return base;
  const half = power(base, Math.floor(exponent / 2), size);
  const square = product(half, half, size);
  return exponent % 2 === 0 ? square : product(base, square, size);
}

function product(a: Scaled, b: Scaled, size: number): Scaled {
  const values = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let l = 0; l < size; l++) {
      const factor = a.values[i * size + l]!;
      for (let j = 0; factor !== 0 && j < size; j++) values[i * size + j]! += factor * b.values[l * size + j]!;
    }
  }
  return scaled(values, a.exponent + b.exponent);
}

function scaled(values: Float64Array, exponent: number): Scaled {
  if (values[(values.length - 1) / 2]! <= 1e140) return { values, exponent };
  return { values: values.map((value) => value * 1e-140), exponent: exponent + 140 };
}
