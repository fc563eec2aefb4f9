/** An object of a source as it was read; `name` is relative to the source. */
export interface ObjectRead {
  name: string;
  bytes: number;
  etag: string;
}

/**
 * What of a source a query read: the version of a table, so that it can be read again; objects with their ETags, so that it can
 * be said which of them changed; or the names of tables of a database, which keeps no versions.
 */
export type SourceSnapshot =
  | { source: string; read: "table"; version: string }
  | { source: string; read: "objects"; objects: readonly ObjectRead[] /** How many more there were. */; more?: number }
  | { source: string; read: "database"; tables: readonly string[] };

/** Objects that are written down at most, of one source. */
export const mostObjects = 2000;

/** What became another one between two readings, in words; null when nothing did. */
function snapshotChange(before: SourceSnapshot, after: SourceSnapshot): string | null {
  if (before.read === "table" && after.read === "table" && before.version !== after.version)
    return `the table ${before.source} was read at version ${before.version}, and now at ${after.version}`;
  if (before.read !== "objects" || after.read !== "objects") return null;
  const now = new Map(after.objects.map((object) => [object.name, object]));
  const then = new Map(before.objects.map((object) => [object.name, object]));
  const changed = before.objects.filter(({ name, etag }) => now.has(name) && now.get(name)!.etag !== etag);
  const gone = before.objects.filter(({ name }) => !now.has(name));
  const added = after.objects.filter(({ name }) => !then.has(name));
  const told = [
    ...listed("changed", changed),
    ...listed("gone", before.more || after.more ? [] : gone),
    ...listed("new", before.more || after.more ? [] : added),
  ];
  return told.length === 0 ? null : `in the source ${before.source}, ${told.join("; ")}`;
}

function listed(what: string, objects: readonly ObjectRead[]): string[] {
  if (objects.length === 0) return [];
  const names = objects.slice(0, 5).map(({ name }) => name);
  const more = objects.length > 5 ? ` and ${objects.length - 5} more` : "";
  return [`${names.join(", ")}${more} ${objects.length === 1 ? "is" : "are"} ${what}`];
}

/** All that is another one now, in words. */
export function snapshotChanges(before: readonly SourceSnapshot[], after: readonly SourceSnapshot[]): string[] {
  return before.flatMap((then) => {
    const now = after.find(({ source }) => source === then.source);
    return (now && snapshotChange(then, now)) ?? [];
  });
}
