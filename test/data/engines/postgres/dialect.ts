import type { ColumnKind, SourceColumn } from "../../../../pipelines/data/columns.ts";
import type { Dialect } from "../../../../pipelines/data/engines/dialect.ts";

const quoteName = (name: string) => `"${name.replaceAll('"', '""')}"`;
const quoteText = (text: string) => `'${text.replaceAll("'", "''")}'`;

function plainValue({ name, kind, type }: SourceColumn): string {
  const column = quoteName(name);
  if (kind === "double") return `${column} + CAST(0 AS ${type})`;
  if (kind === "timestamp" && type.endsWith("with time zone")) return `${column} AT TIME ZONE 'UTC'`;
  return kind === "text" || kind === "other" ? `CAST(${column} AS text)` : column;
}

/** PostgreSQL writes the same shortest digits, but no `.0`, from 1e15 on an exponent, and other words for what is not finite. */
function cellText(value: string, kind: ColumnKind): string {
  if (kind !== "double") return `CAST(${value} AS text)`;
  const number = `CAST(${value} AS double precision)`;
  const plain = `CASE WHEN abs(${number}) >= 1e15 AND abs(${number}) < 1e16
    THEN CAST(CAST(CAST(${number} AS text) AS numeric) AS text) ELSE CAST(${number} AS text) END`;
  return `CASE WHEN ${number} = 'NaN' THEN 'nan' WHEN ${number} = 'Infinity' THEN 'inf'
    WHEN ${number} = '-Infinity' THEN '-inf' ELSE regexp_replace(${plain}, '^(-?[0-9]+)$', '\\1.0') END`;
}

/** Bytes of an MD5 as a little-endian integer. */
function hashBytes(text: string, bytes: number): string {
  const digest = `decode(md5(${text}), 'hex')`;
  const values = Array.from({ length: bytes }, (_, at) => `get_byte(d, ${at}) * ${256n ** BigInt(at)}::numeric`);
  return `(SELECT ${values.join(" + ")} FROM (SELECT ${digest} AS d) AS digest)`;
}

/** The SQL of PostgreSQL 15 with its collation C, enough of it for checks, splits and fingerprints. */
export const postgresDialect: Dialect = {
  quoteName,
  quoteText,
  plainValue,
  storedValue: ({ name }) => quoteName(name),
  cellText,
  text: cellText,
  double: (value, kind) => `CAST(${kind === "boolean" ? `CAST(${value} AS integer)` : value} AS double precision)`,
  float: (value) => `CAST(${value} AS real)`,
  doubleLiteral: (value) => `CAST('${value}' AS double precision)`,
  instant: (text) => `CAST(${quoteText(text)} AS timestamptz) AT TIME ZONE 'UTC'`,
  byteLength: (text) => `octet_length(${text})`,
  concat: (texts) => `(${texts.join(" || ")})`,
  hash: (text) => hashBytes(text, 16),
  hashHalves: (hash) => ({ low: `mod(${hash}, ${2n ** 64n})`, high: `div(${hash}, ${2n ** 64n})` }),
  firstHash: (text) => hashBytes(text, 8),
  unsigned: (value) => String(value),
  exactSum: (value) => `CAST(coalesce(sum(${value}), 0) AS text)`,
  isNaN: (value) => `${value} = 'NaN'`,
  isInfinite: (value) => `abs(${value}) = 'Infinity'`,
  isFinite: (value) => `abs(${value}) < 'Infinity'`,
  matches: (text, pattern) => `${text} ~ ${quoteText(`^(?:${pattern})$`)}`,
  quantile: (value, q) => `percentile_cont(${q}) WITHIN GROUP (ORDER BY ${value})`,
  quantileOf: (value, q) => `percentile_disc(${q}) WITHIN GROUP (ORDER BY ${value})`,
  allEqual: (value, kind) =>
    kind === "boolean" ? `bool_and(${value}) = bool_or(${value})` : `min(${value}) = max(${value})`,
  failure: (error) => (error instanceof PostgresError ? { message: error.message, cause: "statement" } : null),
};

/** What PostgreSQL says of a statement that it does not run. */
export class PostgresError extends Error {}
