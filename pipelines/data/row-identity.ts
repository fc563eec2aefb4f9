import { dirname, join } from "node:path";
import type { Hashes } from "../statistics/xor-filter.ts";
import type { DatasetRef, DatasetStore } from "./dataset-store.ts";
import { machineError, openSession, quoteName, quoteText } from "./engines/tables.ts";
import { readInto, withDataset } from "./stored-columns.ts";

/** A column that says, with others, which row a row is. Where two datasets hold it as different numbers, it is read as a double. */
export interface IdentityColumn {
  name: string;
  type: string;
  widened?: boolean;
}

/** A dataset and the columns of its key, if it has one. */
export interface KeyedDataset {
  ref: DatasetRef;
  key: readonly string[];
}

const numeric = /^(integer|double|decimal\(\d+\))$/;

/**
 * By what a row of one dataset is known in another: the key of either, where both have its columns; else all columns that
 * both have beside the keys. null when those tell no row from another.
 */
export function sharedIdentity(one: KeyedDataset, other: KeyedDataset): IdentityColumn[] | null {
  const shared = (name: string) => sharedColumn(one.ref, other.ref, name);
  for (const { key } of [other, one]) {
    const columns = key.flatMap(shared);
    if (key.length > 0 && columns.length === key.length) return columns;
  }
  const keys = [...one.key, ...other.key];
  const columns = one.ref.columns.filter(({ name }) => !keys.includes(name)).flatMap(({ name }) => shared(name));
  return columns.length > 1 ? columns : null;
}

/** A column that both datasets have as the same, or as numbers; else nothing. */
export function sharedColumn(one: DatasetRef, other: DatasetRef, name: string): IdentityColumn[] {
  const [left, right] = [one, other].map(({ columns }) => columns.find((column) => column.name === name));
  if (!left || !right) return [];
  if (left.type === right.type) return [{ name, type: left.type }];
  return numeric.test(left.type) && numeric.test(right.type) ? [{ name, type: left.type, widened: true }] : [];
}

/** What identifies a row, or, when it is a group's column, the group of rows. */
export interface RowIdentity {
  columns: readonly IdentityColumn[];
  group?: boolean;
}

/**
 * SQL for a row's 64-bit identity: the lower half of the MD5 of its cells, each with its length before it. A group is never
 * equal to a row of the same cells.
 */
function identityHash({ columns, group = false }: RowIdentity): string {
  const cells = columns.map(({ name, widened }) => {
    const value = widened ? `CAST(${quoteName(name)} AS DOUBLE)` : quoteName(name);
    const text = `CAST(${value} AS VARCHAR)`;
    return `coalesce(strlen(${text}) || ':' || ${text}, '~')`;
  });
  return `md5_number_lower(concat(${[...(group ? ["'group '"] : []), ...cells].join(", ")}))`;
}

/** The different identities of a stored dataset's rows, of each kind, ascending. */
export async function readIdentities(
  store: DatasetStore,
  ref: DatasetRef,
  identities: readonly RowIdentity[],
): Promise<Hashes> {
  return withDataset(store, ref, async (session, from) => {
    const hashes = identities.map((each) => `SELECT ${identityHash(each)} AS hash FROM ${from}`);
    await session.run(`CREATE TEMP TABLE identities AS SELECT DISTINCT hash FROM (${hashes.join(" UNION ALL ")})`);
    const { rows } = await session.row("SELECT count(*) AS rows FROM identities");
    const [high, low] = await readHalves(session, "(FROM identities ORDER BY hash)", { ...ref, rows: Number(rows) });
    return { high, low };
  });
}

/** The identity of each row of a stored dataset, in its order. */
export async function readRowIdentities(store: DatasetStore, ref: DatasetRef, identity: RowIdentity): Promise<Hashes> {
  return withDataset(store, ref, async (session, from) => {
    const [high, low] = await readHalves(session, `(SELECT ${identityHash(identity)} AS hash FROM ${from})`, ref);
    return { high, low };
  });
}

async function readHalves(
  session: Parameters<typeof readInto>[0],
  from: string,
  ref: DatasetRef,
): Promise<[Uint32Array, Uint32Array]> {
  const [high, low] = [new Float64Array(ref.rows), new Float64Array(ref.rows)];
  await readInto(session, from, ref, [
    { sql: "CAST(hash >> 32 AS UINTEGER)", values: high },
    { sql: "CAST(hash & 4294967295 AS UINTEGER)", values: low },
  ]);
  return [Uint32Array.from(high), Uint32Array.from(low)];
}

/** Positions of the rows of `ref` whose identity a row of `other` has too, ascending. Both must be in the store. */
export async function rowsAlsoIn(
  { store, threads }: { store: DatasetStore; threads: number },
  ref: DatasetRef,
  other: DatasetRef,
  columns: readonly IdentityColumn[],
): Promise<Int32Array> {
  const [file, theirs] = [await store.path(ref.fingerprint), await store.path(other.fingerprint)];
  await using staging = await store.staging();
  using session = await openSession({
    readable: [dirname(file), dirname(theirs)],
    spill: join(staging.path, "spill"),
    threads,
  });
  const hash = identityHash({ columns });
  try {
    await session.run(`CREATE TEMP TABLE shared AS SELECT mergeml_row FROM
      (SELECT file_row_number AS mergeml_row, ${hash} AS mergeml_hash FROM read_parquet(${quoteText(file)}, file_row_number = true))
      WHERE mergeml_hash IN (SELECT ${hash} FROM read_parquet(${quoteText(theirs)}))`);
    const { rows } = await session.row("SELECT count(*) AS rows FROM shared");
    const positions = new Int32Array(Number(rows));
    const sinks = [{ sql: "CAST(mergeml_row AS INTEGER)", values: positions }];
    await readInto(session, "(FROM shared ORDER BY mergeml_row)", { ...ref, rows: positions.length }, sinks);
    return positions;
  } catch (error) {
    throw machineError(error, "to look which test rows production was trained on") ?? error;
  }
}
