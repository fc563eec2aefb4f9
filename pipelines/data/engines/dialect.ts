import type { ColumnKind, SourceColumn } from "../columns.ts";

/** What went wrong in an engine, in our words. */
export interface EngineFailure {
  /** The engine's own. */
  message: string;
  /** `statement`: the query or the data is at fault; `memory` and `disk`: the machine; `stopped`: interrupted or broken for good. */
  cause: "statement" | "memory" | "disk" | "stopped";
}

/**
 * What is written differently from engine to engine; all arguments and results are SQL, but for names and texts to quote. What
 * is not here is written alike: FILTER, CASE, coalesce, subqueries, `||`, `NULLS LAST` when ascending.
 */
export interface Dialect {
  /** A name as an identifier; any text is a valid one. */
  quoteName(name: string): string;
  /** A text as a literal. */
  quoteText(text: string): string;
  /** One value for what is equal: minus zero is zero, every NaN is the same, timestamps are UTC, enums and UUIDs are text. */
  plainValue(column: SourceColumn): string;
  /** What is stored of a plain column; integers that files do not have become text where they identify, doubles where they measure. */
  storedValue(column: SourceColumn, identifies: boolean): string;
  /** A plain value as a text, as `fingerprint` defines it for all kinds but booleans and texts. */
  cellText(value: string, kind: ColumnKind): string;
  /** A value as people read it. */
  text(value: string, kind: ColumnKind): string;
  /** A number, or a boolean as 0 and 1, in 64-bit floating point. */
  double(value: string, kind: ColumnKind): string;
  /** A 64-bit number in the range of the 32-bit ones as the nearest of them. */
  float(value: string): string;
  /** A number as written in JavaScript, in 64-bit floating point. */
  doubleLiteral(value: number): string;
  /** An ISO date or time as a timestamp in UTC. */
  instant(text: string): string;
  /** The number of a text's UTF-8 bytes. */
  byteLength(text: string): string;
  /** Texts, none of them null, one after the other, however many. */
  concat(texts: readonly string[]): string;
  /** The MD5 of a text, its bytes read as a little-endian integer; ordered as numbers are. */
  hash(text: string): string;
  /** The lower and the upper 64 bits of a hash. */
  hashHalves(hash: string): { low: string; high: string };
  /** The first eight bytes of the MD5 of a text, read as a little-endian integer. */
  firstHash(text: string): string;
  /** An integer up to 2^64. */
  unsigned(value: bigint): string;
  /** Aggregate: the sum of 64-bit integers, which does not overflow; 0 of none. It comes back exactly, as a bigint or its digits. */
  exactSum(value: string): string;
  isNaN(value: string): string;
  isInfinite(value: string): string;
  /** Whether a 64-bit number is neither infinite nor NaN. */
  isFinite(value: string): string;
  /** Whether a pattern fits a whole text. */
  matches(text: string, pattern: string): string;
  /** Aggregate: between the values left and right of the share `q`. */
  quantile(value: string, q: number): string;
  /** Aggregate: the first value at or above the share `q`. */
  quantileOf(value: string, q: number): string;
  /** Aggregate: whether all values that are there are equal; null when there are none. */
  allEqual(value: string, kind: ColumnKind): string;
  /** What is known of an error; null when it did not come from the engine. */
  failure(error: unknown): EngineFailure | null;
}

/** The SQL of an engine that reads and writes files. */
export interface FileDialect extends Dialect {
  /** A column that goes through to a file of ours as it is: its plain value, and text where files do not have such an integer. */
  keptValue(column: SourceColumn): string;
  /** The function that reads a file, by its ending; CSV when it is none we know. */
  readerOf(file: string): "read_parquet" | "read_csv" | "read_json";
  /** Names a list of levels as a type, and gives the position of a text in it; null when it is not there. */
  levels(type: string, levels: readonly string[]): { declare: string; codeOf(text: string): string };
  /** The text that belongs to the largest value; the first of equals. */
  textOfLargest(values: readonly string[], texts: readonly string[]): string;
}
