import type { FeatureProfile } from "../profile/profile.ts";

/**
 * Importance relative to the most important feature's, 0..1. Shares of all importance would make every feature of a wide model
 * unimportant. 1 for all when nothing is known or nothing matters; 0 for a feature the trainer said nothing of.
 */
export function featureWeights(features: readonly FeatureProfile[]): number[] {
  const shares = features.map(({ importance }) => Math.max(0, importance ?? 0));
  const most = shares.reduce((largest, share) => Math.max(largest, share), 0);
  return most > 0 ? shares.map((share) => share / most) : shares.map(() => 1);
}

const least = 0.05;

/**
 * How much of the significance level a column gets: features that can make the model drift by themselves in full, others by
 * the square of how far they go towards it, so that columns of little use to the model do not hide those that matter
 * (Genovese, Roeder and Wasserman, 2006). The predictions and the performance get as much as one such feature.
 */
export function testWeights(weights: readonly number[], limit: number): number[] {
  return weights.map((weight) => Math.max(least, Math.min(1, weight / limit) ** 2));
}
