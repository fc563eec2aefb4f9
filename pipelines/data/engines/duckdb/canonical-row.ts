import type { ColumnKind } from "../../columns.ts";
import { combineHalves, type RowsDigest } from "../../fingerprint.ts";
import { quoteName, quoteText } from "./quote.ts";

/** A plain column (see plainValue) and how its cells are written. */
export interface CanonicalColumn {
  name: string;
  kind: ColumnKind;
}

/**
 * SQL for the canonical text of a row's cells, as `fingerprint` defines it, after `prefix`. One call, because operators nest, and
 * DuckDB allows a depth of 1,000; no cell is null, which the call would leave out.
 */
export function canonicalRow(columns: readonly CanonicalColumn[], prefix = ""): string {
  return `concat(${[quoteText(prefix), ...columns.map(canonicalCell)].join(", ")})`;
}

function canonicalCell({ name, kind }: CanonicalColumn): string {
  const column = quoteName(name);
  if (kind === "boolean") return `CASE WHEN ${column} THEN 't' WHEN NOT ${column} THEN 'f' ELSE '~' END`;
  if (kind === "text" || kind === "other") return `coalesce(strlen(${column}) || ':' || ${column}, '~')`;
  const value = kind === "double" ? `CAST(${column} AS DOUBLE)` : column;
  return `coalesce(CAST(${value} AS VARCHAR) || ',', '~')`;
}

/** SQL for a row's 128-bit hash: DuckDB reads the MD5 as a little-endian integer, which is the definition. */
export function rowHash(columns: readonly CanonicalColumn[]): string {
  return `md5_number(${canonicalRow(columns)})`;
}

/** Aggregates over a hash column; give their row to `digestOf`. The halves are summed apart, because a sum of 128 bits overflows. */
export function digestAggregates(hash: string): string {
  return `count(*) AS hash_rows,
    coalesce(sum(CAST(${hash} & 18446744073709551615 AS UBIGINT)), 0) AS hash_low,
    coalesce(sum(CAST(${hash} >> 64 AS UBIGINT)), 0) AS hash_high`;
}

/** The digest from the row that `digestAggregates` gives. */
export function digestOf(row: Record<string, unknown>): RowsDigest {
  const [low, high] = [row.hash_low, row.hash_high].map((half) => BigInt(String(half)));
  return { rows: Number(row.hash_rows), sum: combineHalves(low ?? 0n, high ?? 0n) };
}
