import { dirname } from "node:path";
import type { DatasetRef } from "../dataset-store.ts";
import { digestAggregates, digestOf, rowHash } from "../engines/canonical-row.ts";
import type { ColumnKind } from "../engines/session.ts";
import { machineError, openSession, quoteText, tableDialect } from "../engines/tables.ts";
import { fingerprint, schemaType } from "../fingerprint.ts";

/**
 * Why a Parquet file does not have the rows of a dataset; null when its fingerprint, computed anew, is the dataset's. A column of
 * integers that files do not have is stored as texts or doubles, and only its other columns can be compared: then null too.
 */
export async function differsFrom(ref: DatasetRef, path: string): Promise<string | null> {
  using session = await openSession({ readable: [dirname(path)] });
  try {
    const from = `read_parquet(${quoteText(path)})`;
    const found = await session.columns(`SELECT * FROM ${from}`);
    const names = found.map(({ name }) => name).join(", ");
    if (names !== ref.columns.map(({ name }) => name).join(", ")) return `it has the columns ${names}`;
    const types = found.map(({ kind, scale }) => schemaType(kind, scale));
    const wanted = ref.columns.map(({ type }) => type);
    const replaced = wanted.filter((type, at) => type !== types[at]);
    if (replaced.some((type) => type !== "integer")) return `its columns are ${types.join(", ")}`;
    const columns = ref.columns.map(({ name, type }) => ({ name, kind: type.replace(/\(.*/, "") as ColumnKind }));
    const hash = `SELECT ${rowHash(tableDialect, columns)} AS h FROM ${from}`;
    const { rows } = await session.row(`SELECT count(*) AS rows FROM ${from}`);
    if (Number(rows) !== ref.rows) return `it has ${rows} rows instead of ${ref.rows}`;
    if (replaced.length > 0) return null;
    const digest = digestOf(await session.row(`SELECT ${digestAggregates(tableDialect, "h")} FROM (${hash})`));
    const own = fingerprint(ref.columns, digest);
    return own === ref.fingerprint ? null : `its rows have the fingerprint ${own}`;
  } catch (error) {
    const failed = machineError(error, `to check the rows of ${path}`);
    if (failed) throw failed;
    return `it cannot be read: ${(error as Error).message.split("\n")[0]}`;
  }
}
