import { UserError } from "../../../errors/user-error.ts";
import type { SourceColumn } from "../../columns.ts";
import type { Dialect } from "../dialect.ts";
import { duckdbFailure } from "./duckdb-error.ts";

/** A name as an SQL identifier; any text is a valid one that a statement can hold. */
export function quoteName(name: string): string {
  return `"${whole(name, "the name of a column").replaceAll('"', '""')}"`;
}

/** A text as an SQL literal. DuckDB knows no escapes inside plain quotes but the doubled quote. */
export function quoteText(text: string): string {
  return `'${whole(text, "a text").replaceAll("'", "''")}'`;
}

/** DuckDB takes the first null character for the end of a statement. */
function whole(text: string, what: string): string {
  if (!text.includes("\0")) return text;
  throw new UserError({
    message: `${what} has a null character: ${JSON.stringify(text.slice(0, 100))}`,
    hint: "take it out of the data, or in the query: replace(…, chr(0), ''); a column needs another name: … AS name",
  });
}

/** Integers that Parquet and most readers do not have. */
const wide = /^U?HUGEINT$|^BIGNUM$/;

function plainValue({ name, kind, type }: SourceColumn): string {
  const column = quoteName(name);
  if (kind === "double")
    return `CASE WHEN isnan(${column}) THEN CAST('nan' AS ${type}) ELSE ${column} + CAST(0 AS ${type}) END`;
  if (kind === "timestamp" && /WITH TIME ZONE/.test(type)) return `timezone('UTC', ${column})`;
  if (kind === "timestamp" && !/_NS$/.test(type)) return `CAST(${column} AS TIMESTAMP)`;
  if (type === "BLOB") return `hex(${column})`;
  return kind === "text" || kind === "other" ? `CAST(${column} AS VARCHAR)` : column;
}

function storedValue(column: SourceColumn, identifies: boolean): string {
  const name = quoteName(column.name);
  if (!wide.test(column.type)) return name;
  return `CAST(${name} AS ${identifies ? "VARCHAR" : "DOUBLE"}) AS ${name}`;
}

/** A column that goes through to a file of ours as it is: its plain value, and text where Parquet has no such integer. */
export function keptValue(column: SourceColumn): string {
  return wide.test(column.type) ? `CAST(${plainValue(column)} AS VARCHAR)` : plainValue(column);
}

/** The SQL of DuckDB. */
export const duckdbDialect: Dialect = {
  quoteName,
  quoteText,
  plainValue,
  storedValue,
  cellText: (value, kind) => `CAST(${kind === "double" ? `CAST(${value} AS DOUBLE)` : value} AS VARCHAR)`,
  text: (value) => `CAST(${value} AS VARCHAR)`,
  double: (value) => `CAST(${value} AS DOUBLE)`,
  float: (value) => `CAST(${value} AS FLOAT)`,
  doubleLiteral: (value) => `CAST('${value}' AS DOUBLE)`,
  instant: (text) => `CAST(CAST(${quoteText(text)} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TIMESTAMP)`,
  byteLength: (text) => `strlen(${text})`,
  // One call, because operators nest, and DuckDB allows a depth of 1,000.
  concat: (texts) => `concat(${texts.join(", ")})`,
  hash: (text) => `md5_number(${text})`,
  hashHalves: (hash) => ({
    low: `CAST(${hash} & 18446744073709551615 AS UBIGINT)`,
    high: `CAST(${hash} >> 64 AS UBIGINT)`,
  }),
  firstHash: (text) => `md5_number_upper(${text})`,
  unsigned: (value) => `CAST(${value >= 2n ** 64n ? 2n ** 64n - 1n : value} AS UBIGINT)`,
  exactSum: (value) => `coalesce(sum(${value}), 0)`,
  isNaN: (value) => `isnan(${value})`,
  isInfinite: (value) => `isinf(${value})`,
  isFinite: (value) => `isfinite(${value})`,
  matches: (text, pattern) => `regexp_full_match(${text}, ${quoteText(pattern)})`,
  quantile: (value, q) => `quantile_cont(${value}, ${q})`,
  quantileOf: (value, q) => `quantile_disc(${value}, ${q})`,
  allEqual: (value) => `min(${value}) = max(${value})`,
  failure: duckdbFailure,
};
