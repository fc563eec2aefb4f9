import type { Interval } from "../../window/interval.ts";
import type { Profile } from "../profile.ts";
import type { ColumnPast } from "./past.ts";
import { inSeason } from "./season.ts";

/**
 * The profile as it is at a window's time of the year: columns with a season are what they were in the same season of the
 * reference, about three weeks before and after. A profile without seasons is as it was.
 */
export function profileInSeason(profile: Profile, interval: Interval): Profile {
  const { features, predictions, past } = profile;
  if (!features.some((feature) => feature.past?.season)) return profile;
  const seasoned = predictions.map((whole, at) => {
    const season = past?.predictions[at]?.season;
    return season ? inSeason(whole, season, interval) : whole;
  });
  const unseasoned = predictions.flatMap(({ name }, at) => (past?.predictions[at]?.season ? [] : [name]));
  return {
    ...profile,
    features: features.map((feature) => {
      const { past: own, distribution } = feature;
      if (!own?.season) return feature;
      return { ...feature, distribution: inSeason(distribution, own.season, interval), past: ofSeason(own) };
    }),
    predictions: seasoned,
    ...(past && { past: { ...past, predictions: past.predictions.map(ofSeason) } }),
    unseasoned,
  };
}

/** What windows did against their own season, where there is one. */
function ofSeason(past: ColumnPast): ColumnPast {
  return past.season ? { ...past, spread: past.season.spread } : past;
}
