/** An object of a source as it was read; `name` is relative to the source. */
export interface ObjectRead {
  name: string;
  bytes: number;
  etag: string;
}

/**
 * What of a source a query read: the version of a table, so that it can be read again; objects with their ETags, so that it can
 * be said which of them changed; or the names of tables of a database, with the versions of those that have some.
 */
export type SourceSnapshot =
  | { source: string; read: "table"; version: string }
  | { source: string; read: "objects"; objects: readonly ObjectRead[] /** How many more there were. */; more?: number }
  | {
      source: string;
      read: "database";
      tables: readonly string[];
      /** By a table's name: Delta's version, Iceberg's snapshot. PostgreSQL and MySQL keep none. */
      versions?: Readonly<Record<string, string>>;
    };

/** Objects that are written down at most, of one source. */
export const mostObjects = 2000;

/** What became another one between two readings, in words; null when nothing did. */
function snapshotChange(before: SourceSnapshot, after: SourceSnapshot): string | null {
  if (before.read === "table" && after.read === "table" && before.version !== after.version)
    return `the table ${before.source} was read at version ${before.version}, and now at ${after.version}`;
  if (before.read === "database" && after.read === "database") return newVersions(before, after);
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

type TablesRead = Extract<SourceSnapshot, { read: "database" }>;

function newVersions({ source, versions = {} }: TablesRead, after: TablesRead): string | null {
  const told = Object.entries(versions).flatMap(([table, version]) => {
    const now = after.versions?.[table];
    return now === undefined || now === version ? [] : [`${table} was read at version ${version}, and now at ${now}`];
  });
  return told.length === 0 ? null : `in the source ${source}, ${told.join("; ")}`;
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

/** What was read of a source, in a line. */
export function snapshotLine(read: SourceSnapshot): string {
  if (read.read === "table") return `${read.source}, version ${read.version}`;
  if (read.read === "database")
    return `${read.source}: ${read.tables.map((table) => tableWords(table, read.versions?.[table])).join(", ")}`;
  const { source, objects, more = 0 } = read;
  const bytes = objects.reduce((sum, each) => sum + each.bytes, 0);
  const [only] = objects;
  if (objects.length === 1 && more === 0) return `${source}: ${only!.name} (ETag ${only!.etag})`;
  return `${source}: ${objects.length + more} objects${more > 0 ? "" : ` of ${bytes} bytes`}, with their ETags`;
}

function tableWords(table: string, version: string | undefined): string {
  return version === undefined ? table : `${table} (version ${version})`;
}
