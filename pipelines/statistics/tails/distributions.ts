import { deviance, stirlingError } from "./saddle-point.ts";

const precision = 1e-16;
const smallest = 1e-300;

/**
 * Q(a, x) = Γ(a, x) / Γ(a), the regularised upper incomplete gamma function, for a > 0 and x ≥ 0. To about 1e-13 of its value:
 * by series below a + 1, by Lentz's continued fraction above (Press et al., Numerical Recipes, 6.2).
 */
function upperIncompleteGamma(a: number, x: number): number {
  if (Number.isNaN(x) || !(a > 0)) return Number.NaN;
  if (x <= 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const density = gammaDensity(a, x);
  return x < a + 1 ? 1 - density * lowerSeries(a, x) : density * upperFraction(a, x);
}

/** Σ xⁱ / (a (a + 1) … (a + i)) times a: all terms are positive. */
function lowerSeries(a: number, x: number): number {
  let [term, sum] = [1, 1];
  for (let next = a + 1; term > sum * precision; next++) {
    term *= x / next;
    sum += term;
  }
  return sum;
}

/** Of Γ(a, x) / (xᵃ e⁻ˣ), times a. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / smallest;
  let d = 1 / b;
  let fraction = d;
  for (let i = 1, factor = 0; Math.abs(factor - 1) > precision * 4; i++) {
    const numerator = -i * (i - a);
    b += 2;
    d = 1 / awayFromZero(numerator * d + b);
    c = awayFromZero(b + numerator / c);
    factor = d * c;
    fraction *= factor;
  }
  return fraction * a;
}

function awayFromZero(value: number): number {
  return Math.abs(value) < smallest ? smallest : value;
}

/** xᵃ e⁻ˣ / Γ(a + 1), without the cancellation of its logarithm's large terms. */
function gammaDensity(a: number, x: number): number {
  return Math.exp(-deviance(a, x) - stirlingError(a)) / Math.sqrt(2 * Math.PI * a);
}

/** Chance that a chi-square variable with so many degrees of freedom (above 0) is greater than the statistic. */
export function chiSquareTail(statistic: number, degrees: number): number {
  return upperIncompleteGamma(degrees / 2, statistic / 2);
}

/** Chance that a standard normal variable is more than z away from 0, on either side: erfc(|z| / √2). */
export function twoSidedNormalTail(z: number): number {
  return upperIncompleteGamma(0.5, (z * z) / 2);
}

/** Chance that a standard normal variable is greater than z. */
export function normalTail(z: number): number {
  const tail = twoSidedNormalTail(z) / 2;
  return z < 0 ? 1 - tail : tail;
}

/** z that a standard normal variable exceeds with this chance, by bisection; below 10. */
export function normalQuantile(tail: number): number {
  let [low, high] = [0, 10];
  for (let step = 0; step < 50; step += 1) {
    const middle = (low + high) / 2;
    if (normalTail(middle) > tail) low = middle;
    else high = middle;
  }
  return low;
}

/** The 97.5% quantile of the normal distribution. */
export const NORMAL_QUANTILE = 1.959963984540054;

/**
 * The 97.5% quantile of Student's t distribution, by its expansion around the normal one (Abramowitz & Stegun 26.7.5);
 * 0.15% too small with 3 degrees of freedom, and closer with more.
 */
export function studentQuantile(freedom: number): number {
  const z = NORMAL_QUANTILE;
  const terms = [
    z,
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384,
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160,
  ];
  return terms.reduce((sum, term, power) => sum + term / freedom ** power, 0);
}

/**
 * z that a standard normal variable exceeds about as seldom as a t variable exceeds t (Wallace, Bounds on normal
 * approximations to Student's and the chi-square distributions, Annals of Mathematical Statistics 1959).
 */
export function studentAsNormal(t: number, freedom: number): number {
  const shrunk = (8 * freedom + 1) / (8 * freedom + 3);
  return Math.sign(t) * shrunk * Math.sqrt(freedom * Math.log1p((t * t) / freedom));
}

/** Two-sided p of a statistic whose standard error was estimated, from the p that it would have if the error were known. */
export function studentP(p: number, freedom: number): number {
  if (p >= 1) return 1;
  return twoSidedNormalTail(studentAsNormal(normalQuantile(p / 2), freedom));
}
