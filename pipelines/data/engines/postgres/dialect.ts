import { UserError } from "../../../errors/expected-error.ts";
import type { ColumnKind, Dialect, SourceColumn } from "../session.ts";
import { postgresFailure } from "./postgres-error.ts";

/** A name as an SQL identifier; any text is a valid one that a statement can hold. */
function quoteName(name: string): string {
  return `"${whole(name, "the name of a column").replaceAll('"', '""')}"`;
}

/** A text as an SQL literal; the session says that a backslash is none but itself. */
function quoteText(text: string): string {
  return `'${whole(text, "a text").replaceAll("'", "''")}'`;
}

/** PostgreSQL has no null character in a text. */
function whole(text: string, what: string): string {
  if (!text.includes("\0")) return text;
  throw new UserError({
    message: `${what} has a null character: ${JSON.stringify(text.slice(0, 100))}`,
    hint: "no text in PostgreSQL has one; take it out",
  });
}

/** Texts get the order of their bytes: by the database's own collation, "a" may equal "A", or come after "B". */
function plainValue({ name, kind, type }: SourceColumn): string {
  const column = quoteName(name);
  if (type.startsWith("numeric")) return plainNumeric(column, kind, type);
  if (kind === "double") return `${column} + CAST(0 AS ${type})`;
  if (kind === "timestamp" && type.endsWith("with time zone")) return `${column} AT TIME ZONE 'UTC'`;
  if (type === "bytea") return `upper(encode(${column}, 'hex')) COLLATE "C"`;
  return kind === "text" || kind === "other" || kind === "nested" ? `CAST(${column} AS text) COLLATE "C"` : column;
}

/** One without a scale is in floating point, as it is where DuckDB reads it; no decimal is NaN but PostgreSQL's. */
function plainNumeric(column: string, kind: ColumnKind, type: string): string {
  if (kind === "double") return `CAST(${column} AS double precision) + CAST(0 AS double precision)`;
  return `CAST(nullif(${column}, 'NaN') AS ${type})`;
}

/** As `text` writes a double, by conditions that cost less than a pattern: each number of each row comes by here. */
function cellText(value: string, kind: ColumnKind): string {
  if (kind !== "double") return text(value, kind);
  const number = `CAST(${value} AS double precision)`;
  const written = `CAST(${number} AS text)`;
  return `CASE WHEN abs(${number}) < 1e15 THEN CASE WHEN ${number} = trunc(${number}) THEN ${written} || '.0' ELSE ${written} END
    ELSE ${text(number, kind)} END`;
}

/** PostgreSQL writes the same shortest digits, but no `.0`, exponents where we have none, and other words for what is not finite. */
function text(value: string, kind: ColumnKind): string {
  const written = `CAST(${value} AS text)`;
  if (kind === "date" || kind === "timestamp") return `regexp_replace(${written}, ' BC$', ' (BC)')`;
  if (kind !== "double") return written;
  // A real has an exponent from 1e6 on.
  const plain = `CASE WHEN abs(${value}) >= 1e6 AND abs(${value}) < 1e16
    THEN CAST(CAST(${written} AS numeric) AS text) ELSE ${written} END`;
  return `CASE WHEN ${value} = 'NaN' THEN 'nan' WHEN ${value} = 'Infinity' THEN 'inf'
    WHEN ${value} = '-Infinity' THEN '-inf' ELSE regexp_replace(${plain}, '^(-?[0-9]+)$', '\\1.0') END`;
}

const [smallest, unsignedToSigned] = [`'${-(2n ** 63n)}'::bigint`, 2n ** 63n];

/** Eight bytes of `d` from a place on, read as a little-endian integer, less 2^63: it has no unsigned integers. */
function eightBytes(from: number): string {
  const bytes = Array.from({ length: 8 }, (_, at) => `(get_byte(d, ${from + at})::bigint << ${8 * at})`);
  return `((${bytes.join(" | ")}) # ${smallest})`;
}

/** `OFFSET 0` keeps the planner from computing the digest once for each of its bytes. */
function ofDigest(text: string, expression: string): string {
  return `(SELECT ${expression} FROM (SELECT decode(md5(${text}), 'hex') AS d OFFSET 0) AS digest)`;
}

/** `(?i)` and its like are only known where a pattern begins. */
function wholePattern(pattern: string): string {
  const [flags = ""] = /^\(\?[a-z]+\)/.exec(pattern) ?? [];
  // As in RE2, a point is no line break.
  const options = `(?p${flags.slice(2, -1).replaceAll(/[^i]/g, "")})`;
  return `${options}^(?:${pattern.slice(flags.length)})$`;
}

/**
 * The SQL of PostgreSQL 12 and newer, in a database of UTF-8. A hash is its upper and its lower half. There are no unsigned
 * integers: those of 64 bits are written less 2^63, and summed as what they stand for.
 */
export const postgresDialect: Dialect = {
  quoteName,
  quoteText,
  plainValue,
  storedValue: ({ name }) => quoteName(name),
  cellText,
  text,
  double: (value, kind) => `CAST(${kind === "boolean" ? `CAST(${value} AS integer)` : value} AS double precision)`,
  float: (value) => `CAST(${value} AS real)`,
  doubleLiteral: (value) => `CAST('${value}' AS double precision)`,
  instant: (text) => `(CAST(${quoteText(text)} AS timestamptz) AT TIME ZONE 'UTC')`,
  byteLength: (text) => `octet_length(${text})`,
  concat: (texts) => concatenated(texts),
  hash: (text) => ofDigest(text, `ARRAY[${eightBytes(8)}, ${eightBytes(0)}]`),
  hashHalves: (hash) => ({ low: `(${hash})[2]`, high: `(${hash})[1]` }),
  firstHash: (text) => ofDigest(text, eightBytes(0)),
  unsigned: (value) => `(${(value >= 2n ** 64n ? 2n ** 64n - 1n : value) - unsignedToSigned})::bigint`,
  exactSum: (value) => `CAST(coalesce(sum(${value}) + count(${value}) * ${unsignedToSigned}::numeric, 0) AS text)`,
  isNaN: (value) => `${value} = 'NaN'`,
  isInfinite: (value) => `abs(${value}) = 'Infinity'`,
  isFinite: (value) => `abs(${value}) < 'Infinity'`,
  matches: (text, pattern) => `${text} ~ ${quoteText(wholePattern(pattern))}`,
  quantile: (value, q) => `percentile_cont(${q}) WITHIN GROUP (ORDER BY ${value})`,
  quantileOf: (value, q) => `percentile_disc(${q}) WITHIN GROUP (ORDER BY ${value})`,
  allEqual: (value, kind) =>
    kind === "boolean" ? `bool_and(${value}) = bool_or(${value})` : `min(${value}) = max(${value})`,
  failure: postgresFailure,
};

/** A balanced tree: a chain of 2,000 operators nests as deep, and a function takes 100 arguments. */
function concatenated(texts: readonly string[]): string {
  if (texts.length <= 2) return `(${texts.join(" || ")})`;
  const middle = Math.ceil(texts.length / 2);
  return `(${concatenated(texts.slice(0, middle))} || ${concatenated(texts.slice(middle))})`;
}
