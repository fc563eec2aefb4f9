import { UserError } from "../../../errors/user-error.ts";
import type { ColumnKind, SourceColumn } from "../../columns.ts";
import type { Dialect } from "../dialect.ts";
import { doubleText } from "./double-text.ts";
import { sparkFailure } from "./statement-error.ts";

/** A name as an identifier of Spark SQL. */
export function sparkName(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** A text as a literal. A dollar sign is written as an escape, because `${env:HOME}` is replaced before anything is parsed. */
export function sparkText(text: string): string {
  const escaped = text.replace(/[\\']/g, "\\$&").replaceAll("$", "\\u0024").replaceAll("\0", "\\u0000");
  return `'${escaped.replaceAll("\n", "\\n").replaceAll("\r", "\\r")}'`;
}

function plainValue({ name, kind, type }: SourceColumn): string {
  const column = sparkName(name);
  if (kind === "double")
    return `CASE WHEN isnan(${column}) THEN CAST('NaN' AS ${type}) ELSE ${column} + CAST(0 AS ${type}) END`;
  if (kind === "timestamp" && type !== "timestamp_ntz") return inUtc(column);
  if (type === "binary") return `hex(${column})`;
  if (type === "void") return `CAST(${column} AS INT)`;
  if (/\bcollate\b/i.test(type)) return `collate(${column}, 'UTF8_BINARY')`;
  return kind === "text" || kind === "other" ? `CAST(${column} AS STRING)` : column;
}

/** An instant as UTC's date and time, whatever time zone the session is in. */
function inUtc(instant: string): string {
  return `timestampadd(MICROSECOND, unix_micros(${instant}), TIMESTAMP_NTZ'1970-01-01 00:00:00')`;
}

function cellText(value: string, kind: ColumnKind): string {
  if (kind === "double") return doubleText(value);
  return `CAST(${value} AS STRING)`;
}

/** Byte after byte, the last first, by what stands in their places: the pattern's letters are replaced by the digest's digits. */
const places = "ABCDEFGHIJKLMNOPQRSTUVWXYZghijkl";
const reversed = Array.from({ length: 16 }, (_, at) => places.slice(30 - 2 * at, 32 - 2 * at)).join("");

/** 32 hex digits, the most significant first, so that their order is that of the numbers. */
function hash(text: string): string {
  return `translate('${reversed}', '${places}', md5(${text}))`;
}

function half(digits: string): string {
  return `CAST(conv(${digits}, 16, 10) AS DECIMAL(20, 0))`;
}

/** ISO text as a literal in UTC, down to microseconds. */
function instant(text: string): string {
  const [, whole = text, fraction = "", zone = "Z"] =
    /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(
      text.length === 10 ? `${text}T00:00:00` : text.replace(" ", "T"),
    ) ?? [];
  const offset = zone.length === 3 ? `${zone}:00` : zone;
  const moment = new Date(`${whole.length === 16 ? `${whole}:00` : whole}${offset}`);
  if (Number.isNaN(moment.getTime())) {
    throw new UserError({
      message: `${JSON.stringify(text)} is no date or time`,
      hint: "write it as 2001-03-31 or 2001-03-31T04:05:06Z",
    });
  }
  const seconds = moment.toISOString().slice(0, 19).replace("T", " ");
  return `TIMESTAMP_NTZ'${seconds}.${fraction.padEnd(6, "0").slice(0, 6)}'`;
}

/** The SQL of Spark and of Databricks. */
export const sparkDialect: Dialect = {
  quoteName: sparkName,
  quoteText: sparkText,
  plainValue,
  storedValue: ({ name }) => sparkName(name),
  cellText,
  text: cellText,
  double: (value, kind) => `CAST(${kind === "boolean" ? `CAST(${value} AS INT)` : value} AS DOUBLE)`,
  float: (value) => `CAST(${value} AS FLOAT)`,
  doubleLiteral: (value) => `CAST('${value}' AS DOUBLE)`,
  instant,
  byteLength: (text) => `CAST(octet_length(${text}) AS STRING)`,
  concat: (texts) => `concat(${texts.join(", ")})`,
  hash,
  hashHalves: (digits) => ({ low: half(`substr(${digits}, 17, 16)`), high: half(`substr(${digits}, 1, 16)`) }),
  firstHash: (text) => `substr(${hash(text)}, 17, 16)`,
  // As many hex digits as a hash has, or a letter behind all of them.
  unsigned: (value) => (value >= 2n ** 64n ? "'g'" : `'${value.toString(16).padStart(16, "0")}'`),
  exactSum: (value) => `CAST(coalesce(sum(CAST(${value} AS DECIMAL(20, 0))), 0) AS STRING)`,
  isNaN: (value) => `isnan(${value})`,
  isInfinite: (value) => `abs(${value}) = CAST('Infinity' AS DOUBLE)`,
  isFinite: (value) => `abs(${value}) < CAST('Infinity' AS DOUBLE)`,
  // Java's dot stops at more than the line feed unless told otherwise, and its `$` before a last line feed.
  matches: (text, pattern) => `${text} RLIKE ${sparkText(`(?d)\\A(?:${pattern})\\z`)}`,
  quantile: (value, q) => `percentile(${value}, ${q}D)`,
  quantileOf: (value, q) =>
    ofMicros(`percentile_disc(${q}D) WITHIN GROUP (ORDER BY unix_micros(CAST(${value} AS TIMESTAMP)))`),
  allEqual: (value) => `min(${value}) = max(${value})`,
  failure: sparkFailure,
};

/** Spark has quantiles of numbers only, as 64-bit floating point, which holds the microseconds of these centuries. */
function ofMicros(micros: string): string {
  return `timestampadd(MICROSECOND, CAST(${micros} AS BIGINT), TIMESTAMP_NTZ'1970-01-01 00:00:00')`;
}
