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
