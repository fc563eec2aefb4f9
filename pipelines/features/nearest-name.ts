import { closest, distance } from "fastest-levenshtein";

/** The name the user most likely meant, or null when none is close. Case is ignored. */
export function nearestName(written: string, names: readonly string[]): string | null {
  const [first] = names;
  if (first === undefined) return null;
  const byFolded = new Map(names.map((name) => [name.toLowerCase(), name]));
  const wanted = written.toLowerCase();
  const found = closest(wanted, [...byFolded.keys()]);
  const near = distance(wanted, found) <= Math.max(2, Math.floor(wanted.length / 3));
  return near ? (byFolded.get(found) ?? null) : null;
}

/** `did you mean distance?  ` when a name is near, else nothing; to put before a list of all names. */
export function didYouMean(written: string, names: readonly string[]): string {
  const near = nearestName(written, names);
  return near === null ? "" : `did you mean ${near}?  `;
}
