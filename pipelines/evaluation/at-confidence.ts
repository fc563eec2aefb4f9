import { normalQuantile } from "../statistics/tails/normal-quantile.ts";
import type { Difference } from "./evaluation.ts";

/**
 * The interval of a difference at another confidence. Both halves grow or shrink as those of a normal distribution, because a
 * bootstrap of a thousand resamples cannot resolve far tails.
 */
export function atConfidence({ value, low, high, confidence: drawn }: Difference, confidence: number): Difference {
  const grown = normalQuantile((1 - confidence) / 2) / normalQuantile((1 - drawn) / 2);
  return { value, low: value - (value - low) * grown, high: value + (high - value) * grown, confidence };
}
