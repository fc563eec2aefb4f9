import type { Difference } from "../../evaluation/evaluation.ts";
import { normalQuantile } from "../../statistics/tails/normal-quantile.ts";

/** Chance that a version which is as good as the one before is ever found to be worse, over all windows of its life. */
const lifetimeError = 0.01;

/** Of the interval in the first window since a promotion; stricter than the gate's, which is asked once. */
export const firstConfidence = 1 - 2 * errorOf(1);

/**
 * The interval of a difference for the k-th window since the promotion (1 is the first), from that of the first. Whoever looks
 * often finds something in the end: a part 1 ÷ (k(k + 1)) of the error is spent on each window, and these parts sum up to
 * one however long one looks (Lan & DeMets, Discrete sequential boundaries for clinical trials, Biometrika 1983). Both
 * halves grow as those of a normal distribution, because a bootstrap cannot resolve such tails.
 */
export function intervalOfWindow({ value, low, high }: Difference, window: number): Difference {
  const grown = normalQuantile(errorOf(window)) / normalQuantile(errorOf(1));
  const confidence = 1 - 2 * errorOf(window);
  return { value, low: value - (value - low) * grown, high: value + (high - value) * grown, confidence };
}

function errorOf(window: number): number {
  return lifetimeError / (window * (window + 1));
}
