import { UserError } from "../../../errors/expected-error.ts";
import type { ColumnKind, Dialect, SourceColumn } from "../session.ts";
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

/**
 * SQL for a 64-bit number's text as `fingerprint` defines it. Java before 19 writes up to two digits too many for some numbers
 * (2e23 as 1.9999999999999998E23), so that shorter candidates are read back: with 15 digits there is one at most, with 16 and 17
 * the nearest comes first. Almost all numbers with few digits take the first way out, and those with many the second: what is
 * behind it binds names by lambdas, which Spark does not compile and which take ten times as long.
 */
function doubleText(value: string): string {
  const number = `CAST(${value} AS DOUBLE)`;
  const text = `CAST(${number} AS STRING)`;
  return `CASE WHEN isnan(${number}) THEN 'nan'
    WHEN abs(${number}) >= 0.001D AND abs(${number}) < 1e7D AND length(${text}) <= 16 THEN ${text}
    WHEN abs(${number}) >= 0.001D AND abs(${number}) < 1e7D AND ${isShortest(`abs(${number})`)} THEN ${text}
    WHEN ${number} = 0D THEN '0.0'
    WHEN abs(${number}) = CAST('Infinity' AS DOUBLE) THEN CASE WHEN ${number} > 0D THEN 'inf' ELSE '-inf' END
    ELSE concat(CASE WHEN ${number} < 0D THEN '-' ELSE '' END, ${shortest(`abs(${number})`)}) END`;
}

/**
 * Whether Java's text of a number from 0.001 to 10,000,000 is the shortest, as far as integers tell: none of the candidates below
 * with fewer digits reads back as the number. False, or null, when it is not sure.
 */
function isShortest(number: string): string {
  const text = `CAST(${number} AS STRING)`;
  const digits = `try_cast(replace(${text}, '.', '') AS BIGINT)`;
  const places = `(length(${text}) - instr(${text}, '.'))`;
  const reads = (candidate: string, fewer: number) =>
    `CAST(concat(CAST(${candidate} AS STRING), 'E', CAST(${fewer} - ${places} AS STRING)) AS DOUBLE) = ${number}`;
  const nearest = (power: number) => {
    const [head, rest] = [`(${digits} div ${power}L)`, `(${digits} % ${power}L * 2L)`];
    return `(${head} + CASE WHEN ${rest} > ${power}L OR (${rest} = ${power}L AND ${head} % 2L = 1L) THEN 1L ELSE 0L END)`;
  };
  const sixteen = [`(${digits} div 10L)`, `(${digits} div 10L + 1L)`].map((each) => reads(each, 1)).join(" OR ");
  return `CASE WHEN ${digits} < 10000000000000000L THEN NOT ${reads(nearest(10), 1)}
    WHEN ${digits} < 100000000000000000L THEN NOT (${reads(nearest(100), 2)} OR ${sixteen}) END`;
}

/** Binds a name to a value, which SQL has no other word for. */
function bind(name: string, value: string, result: string): string {
  return `element_at(transform(array(${value}), ${name} -> ${result}), 1)`;
}

/** Of a finite number above 0. `t`: Java's text; `w`: its digits as 0.ddd × 10^p; `g`: the shortest of those that read back the same. */
function shortest(number: string): string {
  const mantissa = "substring_index(t, 'E', 1)";
  const exponent = "CASE WHEN instr(t, 'E') > 0 THEN CAST(substring_index(t, 'E', -1) AS INT) ELSE 0 END";
  const written = `replace(${mantissa}, '.', '')`;
  const digits = `ltrim('0', ${written})`;
  const point = `instr(${mantissa}, '.') - 1 + ${exponent} - (length(${written}) - length(${digits}))`;
  const parts = `named_struct('x', ${number}, 'd', rtrim('0', ${digits}), 'p', ${point})`;
  return bind("t", `CAST(${number} AS STRING)`, bind("w", parts, bind("g", candidates(), plainOrExponent())));
}

function candidates(): string {
  const tries = [
    when("length(w.d) > 15", rounded("15", 0)),
    when("length(w.d) > 16", rounded("16", 0)),
    when("length(w.d) > 16", rounded("16", 1)),
    when("length(w.d) > 17", rounded("17", 0)),
    // Numbers too small for all their bits have few digits.
    when("w.x < 2.3e-308D AND length(w.d) > 1", rounded("(length(w.d) - 1)", 0)),
  ];
  return `coalesce(${tries.join(", ")}, named_struct('d', w.d, 'p', w.p))`;
}

function when(condition: string, value: string): string {
  return `CASE WHEN ${condition} THEN ${value} END`;
}

/** The digits as so many of them, if that reads back as the number; `other` takes the neighbour on the far side. */
function rounded(kept: string, other: 0 | 1): string {
  const head = `CAST(substr(w.d, 1, ${kept}) AS BIGINT)`;
  const rest = `substr(w.d, ${kept} + 1)`;
  const up = `(CASE WHEN ${rest} > '5' OR (${rest} = '5' AND ${head} % 2 = 1) THEN 1 ELSE 0 END)`;
  const digits = `CAST(${head} + ${other === 1 ? `1 - ${up}` : up} AS STRING)`;
  const carried = `w.p + length(v) - ${kept}`;
  const same = `CAST(concat('0.', v, 'E', ${carried}) AS DOUBLE) = w.x`;
  return bind("v", digits, `CASE WHEN ${same} THEN named_struct('d', rtrim('0', v), 'p', ${carried}) END`);
}

function plainOrExponent(): string {
  const power = "g.p - 1";
  return `CASE WHEN g.p BETWEEN -3 AND 0 THEN concat('0.', repeat('0', -g.p), g.d)
    WHEN g.p BETWEEN 1 AND 16 AND length(g.d) <= g.p THEN concat(rpad(g.d, g.p, '0'), '.0')
    WHEN g.p BETWEEN 1 AND 16 THEN concat(substr(g.d, 1, g.p), '.', substr(g.d, g.p + 1))
    ELSE concat(substr(g.d, 1, 1), CASE WHEN length(g.d) > 1 THEN concat('.', substr(g.d, 2)) ELSE '' END,
      CASE WHEN ${power} < 0 THEN 'e-' ELSE 'e+' END,
      CASE WHEN abs(${power}) < 10 THEN concat('0', abs(${power})) ELSE CAST(abs(${power}) AS STRING) END) END`;
}
