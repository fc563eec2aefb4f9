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
