import type { Profile } from "../profile/profile.ts";

/** What a verdict takes for granted because the reference is too short, or not known well enough, to say. Sentences without an end. */
export function assumptions({ features, past, unseasoned }: Profile): string[] {
  const watched = features.filter((feature) => feature.past?.calendar == null);
  const spreads = watched.flatMap((feature) => feature.past?.spread ?? []);
  const groups = watched.some((feature) => (feature.past?.groups ?? 0) > 0);
  const rows = groups ? "groups" : "rows";
  return [
    ...(watched.length > 0 && spreads.length === 0
      ? [
          `The ${rows} are taken to be independent of each other: the reference ${past ? "has too few whole windows" : "does not say when its rows happened"}, so that what windows do without drift is not known`,
        ]
      : []),
    ...(unseasoned && unseasoned.length > 0
      ? [
          "The predictions are not judged: the test split is less than a year, so that they have no season to be compared with",
        ]
      : []),
  ];
}
