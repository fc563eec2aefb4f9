import { combineHalves, type RowsDigest } from "../fingerprint.ts";
import type { ColumnKind, Dialect } from "./session.ts";

/** A plain column (see Dialect.plainValue) and how its cells are written. */
export interface CanonicalColumn {
  name: string;
  kind: ColumnKind;
}

/** SQL for the canonical text of a row's cells, as `fingerprint` defines it, after `prefix`. */
export function canonicalRow(dialect: Dialect, columns: readonly CanonicalColumn[], prefix = ""): string {
  return dialect.concat([dialect.quoteText(prefix), ...columns.map((column) => canonicalCell(dialect, column))]);
}

function canonicalCell(dialect: Dialect, { name, kind }: CanonicalColumn): string {
  const column = dialect.quoteName(name);
  if (kind === "boolean") return `CASE WHEN ${column} THEN 't' WHEN NOT ${column} THEN 'f' ELSE '~' END`;
  if (kind === "text" || kind === "other") return `coalesce(${dialect.byteLength(column)} || ':' || ${column}, '~')`;
  return `coalesce(${dialect.cellText(column, kind)} || ',', '~')`;
}

/** SQL for a row's 128-bit hash. */
export function rowHash(dialect: Dialect, columns: readonly CanonicalColumn[]): string {
  return dialect.hash(canonicalRow(dialect, columns));
}

/** Aggregates over a hash column; give their row to `digestOf`. The halves are summed apart, because a sum of 128 bits overflows. */
export function digestAggregates(dialect: Dialect, hash: string): string {
  const { low, high } = dialect.hashHalves(hash);
  return `count(*) AS hash_rows,
    ${dialect.exactSum(low)} AS hash_low,
    ${dialect.exactSum(high)} AS hash_high`;
}

/** The digest from the row that `digestAggregates` gives. */
export function digestOf(row: Record<string, unknown>): RowsDigest {
  const [low, high] = [row.hash_low, row.hash_high].map((half) => BigInt(String(half)));
  return { rows: Number(row.hash_rows), sum: combineHalves(low ?? 0n, high ?? 0n) };
}
