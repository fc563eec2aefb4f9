import { upperIncompleteGamma } from "./incomplete-gamma.ts";

/** Chance that a chi-square variable with so many degrees of freedom (above 0) is greater than the statistic. */
export function chiSquareTail(statistic: number, degrees: number): number {
  return upperIncompleteGamma(degrees / 2, statistic / 2);
}
