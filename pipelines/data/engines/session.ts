import type { SourceColumn } from "../columns.ts";
import type { Dialect } from "./dialect.ts";

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
