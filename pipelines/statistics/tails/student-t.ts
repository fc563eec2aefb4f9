import { twoSidedNormalTail } from "./incomplete-gamma.ts";
import { normalQuantile } from "./normal-quantile.ts";

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
