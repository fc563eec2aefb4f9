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

/** What a session may reach and use. Paths are absolute and without links. */
export interface SessionOptions {
  threads?: number;
  memory_gb?: number;
  /** Directories whose files may be read. */
  readable: readonly string[];
  /** Single files that may be read and written. */
  writable?: readonly string[];
  /** Directory for what does not fit in memory; without it nothing is spilled. */
  spill?: string;
}

/** The values of one column of a chunk. */
export interface Vector {
  itemCount: number;
  /** null where there is none. */
  getItem(row: number): unknown;
}

/** Some rows of a result that is read piece by piece. */
export interface Chunk {
  rows: number;
  columns: readonly Vector[];
}

/** What a column is made of that a program of ours fills. */
export type FilledType = "BOOLEAN" | "INTEGER" | "BIGINT" | "FLOAT" | "DOUBLE" | "VARCHAR" | "TIMESTAMPTZ";

/** A value of such a column. */
export type FilledValue = boolean | number | bigint | string | null;

/**
 * Values of such a column, none of them missing, as the engine has them in memory: doubles, floats, integers, and microseconds
 * since 1970 of times. They are taken as they are, without a look at each.
 */
export type FilledNumbers = Float64Array | Float32Array | Int32Array | BigInt64Array;

/** Rows on their way into a table. */
export interface Appender {
  /** Adds `size` rows; `valuesOf` gives a column's, or null where all are missing. At most `chunkRows` at a time. */
  append(size: number, valuesOf: (column: number) => FilledValue[] | FilledNumbers | null): void;
  /** Must be called before the table is read. */
  close(): void;
}

/** Rows that an appender takes at a time. */
export const chunkRows = 2048;

/** A connection to an engine, on which what is kept lives until it is closed: all that the work on a query's rows needs. */
export interface QuerySession {
  /** The SQL it understands. */
  dialect: Dialect;
  /** All rows of a small result. 64-bit integers are bigints. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
  /** The only row of an aggregate. */
  row(sql: string): Promise<Record<string, unknown>>;
  /** The columns of a table, view or query. */
  columns(relation: string): Promise<SourceColumn[]>;
  /** Runs a query once and keeps its rows, so that all that follows sees the same; gives what to read them FROM. */
  keep(name: string, query: string): Promise<string>;
  /** Gives a query over what is kept a name; gives what to read it FROM. */
  view(name: string, query: string): Promise<string>;
  /** Frees what `keep` kept and `view` named, as they gave it. */
  release(kept: string, views: readonly string[]): Promise<void>;
  /** Writes the rows of a query to a Parquet file, in their order; compressed with zstd, or as the engine likes it. */
  save(query: string, file: string, compression?: "zstd"): Promise<void>;
  /** Leaves the rows of a query, in any order, where programs on a cluster read them, until `Engine.unstage`; gives the address. */
  stage?(query: string): Promise<string>;
  close(): Promise<void>;
}

/** One that also reads and fills tables of any size, chunk by chunk. */
export interface Session extends QuerySession, Disposable {
  /** Runs statements for their effect. */
  run(sql: string): Promise<void>;
  /** A result of any size, chunk by chunk; it is never in memory as a whole. */
  stream(sql: string): AsyncIterable<Chunk>;
  /** For a temporary table that exists, with these types. */
  appender(table: string, types: readonly FilledType[]): Promise<Appender>;
  /** Stops what runs now. */
  interrupt(): void;
}

/**
 * The engines' types in our own words. `other` is a scalar that can only be a key (blob, bit, interval), `nested` has parts
 * (list, struct, map, JSON) and can only be taken apart by the query.
 */
export type ColumnKind =
  | "boolean"
  | "integer"
  | "decimal"
  | "double"
  | "text"
  | "date"
  | "timestamp"
  | "time"
  | "other"
  | "nested";

/** A column of the feature query's result. */
export interface SourceColumn {
  name: string;
  kind: ColumnKind;
  /** Digits after the point; 0 for all but decimals. */
  scale: number;
  /** The engine's own word for the type, for messages. */
  type: string;
}

export type ColumnRole = "key" | "group" | "time" | "feature" | "target";

/** A column and what it is for, in the order in which it is stored. */
export interface RoleColumn extends SourceColumn {
  role: ColumnRole;
}

/** Whether values of the kind are numbers. */
export function isNumeric(kind: ColumnKind): boolean {
  return kind === "integer" || kind === "decimal" || kind === "double";
}

/** Keeps interrupting once the time is up, because an interrupt between two phases of a query is lost. */
export function interruptAfter(
  session: Pick<Session, "interrupt">,
  seconds: number,
): { reached(): boolean; stop(): void } {
  let reached = false;
  let again: NodeJS.Timeout | undefined;
  const interrupt = () => {
    reached = true;
    session.interrupt();
  };
  const first = setTimeout(
    () => {
      interrupt();
      again = setInterval(interrupt, 100);
    },
    Math.min(seconds * 1000, 2 ** 31 - 1),
  );
  return {
    reached: () => reached,
    stop() {
      clearTimeout(first);
      clearInterval(again);
    },
  };
}

/** How a session keeps the rows of a query where a connection has temporary tables. */
export function temporaryTables(run: (sql: string) => Promise<void>): Pick<QuerySession, "keep" | "view" | "release"> {
  return {
    async keep(name, query) {
      await run(`CREATE TEMP TABLE ${name} AS ${query}`);
      return name;
    },
    async view(name, query) {
      await run(`CREATE TEMP VIEW ${name} AS ${query}`);
      return name;
    },
    release: (kept, views) => run([...views.map((view) => `DROP VIEW ${view}`), `DROP TABLE ${kept}`].join("; ")),
  };
}

/** The only row of an aggregate. */
export function onlyRow(rows: QuerySession["rows"]): QuerySession["row"] {
  return async (sql) => {
    const [first] = await rows(sql);
    if (!first) throw new Error(`no row came back from: ${sql}`);
    return first;
  };
}
