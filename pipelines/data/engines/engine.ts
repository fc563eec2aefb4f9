import type { Task, Window } from "../../config/model-config.ts";
import type { SourceConfig, Sources, SourceType } from "../../config/source-config.ts";
import type { Problem } from "../../errors/user-error.ts";
import type { Environment } from "../../ports/environment.ts";
import type { RoleColumn, SourceColumn } from "../columns.ts";
import type { DataFolder } from "../data-folders.ts";
import type { CheckResult } from "../dataset.ts";
import type { RowsDigest } from "../fingerprint.ts";
import type { CheckRule } from "../resolve-checks.ts";
import type { ReachableSources } from "../sources/reachable-source.ts";
import type { SourceSnapshot } from "../sources/source-snapshot.ts";
import type { SqlText } from "../sql-text.ts";
import type { FileDialect } from "./dialect.ts";
import type { Session, SessionOptions } from "./session.ts";

/** What a query may use before it is stopped. */
export interface QueryLimits {
  memory_gb: number;
  threads: number;
  seconds: number;
}

/** A feature query to prepare in the engine's sandbox. */
export interface PrepareJob {
  sql: SqlText;
  window: Window | null;
  /** Why there is none, and how to get one; that model.yaml lacks `features.window` unless told otherwise. */
  noWindow?: { why: string; hint: string } | undefined;
  /** What to say of a query that uses neither $start nor $end although there is a window; nothing is said without it. */
  unusedWindow?: Problem | undefined;
  folders: readonly DataFolder[];
  /** Sources that the query may name; with secrets, so that a job is never written down. */
  sources?: ReachableSources;
  limits: QueryLimits;
}

/** A feature query to run there. */
export interface QueryJob extends PrepareJob {
  /** What an earlier run of it read of sources: tables are read at these versions again. */
  pinned?: readonly SourceSnapshot[] | undefined;
  /** A directory of our own, for spilling and for the Parquet files; nobody else reads or writes it. */
  staging: string;
}

/** What is known of a query before any row is read. */
export interface PreparedQuery {
  columns: readonly SourceColumn[];
  /** Of `$start` and `$end`, those the query uses. */
  parameters: readonly string[];
}

/** Different values of a column, and how many of them are left as 32-bit numbers; its range. */
export interface LostPrecision {
  given: number;
  kept: number;
  lowest: number;
  highest: number;
}

/** One column's facts over all rows. */
export interface ColumnFacts {
  /** Nulls and NaN. */
  missing: number;
  /** Of the missing, those that are NaN. */
  nan: number;
  /** Infinite as 64-bit numbers. */
  infinite: number;
  /** Infinite once they are 32-bit numbers, which the model gets. */
  overflow: number;
  /** Of a feature whose values fall together as 32-bit numbers. */
  lost: LostPrecision | null;
  /** Whether all values that are there are equal. */
  constant: boolean;
}

export interface SplitPlan {
  by: "time" | "key";
  /** Share of test rows, 0..1. */
  test: number;
  seed: number;
  task: Task;
  /** By key: the column whose equal values keep rows on one side. */
  group?: string;
  /** The most rows of the train split: of more, a sample is taken. */
  max_rows?: number;
  /** Whether the whole train split is to stay in the cluster too, where the engine has one. */
  stage?: boolean;
}

/** A split as the engine wrote it: rows in the order of their hashes. */
export interface WrittenSplit extends RowsDigest {
  /** Parquet, zstd; null when the split has no rows. */
  path: string | null;
  /** Whether all rows have the same target. */
  constant: boolean;
  /** What it is a sample of, if it is one. */
  sampleOf?: RowsDigest;
}

/** Rows that an engine left in its staging area, and their number. */
export interface StagedRows {
  /** The address of a folder of Parquet files, as the cluster knows it. */
  url: string;
  rows: number;
}

export interface WrittenSplits {
  train: WrittenSplit;
  test: WrittenSplit;
  /** Sorted; more than 1000 are cut at 1001. Empty for a regression. */
  classes: readonly string[];
  /** Features and target of all train rows as Parquet, for a program on the cluster. */
  staged?: StagedRows;
  /** For a split by time: the time of the first test row. */
  boundary: string | null;
}

/** The result of a feature query, held by the engine until it is closed. All that goes in and out is plain data. */
export interface QueryResult {
  columns: readonly SourceColumn[];
  rows: number;
  /** Parameters the query used. */
  parameters: readonly string[];
  /** What it read of sources; absent where it named none. */
  sources?: readonly SourceSnapshot[];
  /** All rules in one scan; a second query only for the example of one that failed. Order is kept. */
  check(rules: readonly CheckRule[]): Promise<CheckResult[]>;
  /** Facts of each column, in one scan. */
  facts(columns: readonly RoleColumn[]): Promise<ColumnFacts[]>;
  /** Rows whose key another row has too, and one such key. */
  repeatedKeys(keys: readonly RoleColumn[]): Promise<{ rows: number; example: string }>;
  /** Writes the rows as they are to Parquet in the staging directory and gives its path. */
  save(): Promise<string>;
  /** Splits, fingerprints and writes both splits. */
  write(columns: readonly RoleColumn[], plan: SplitPlan): Promise<WrittenSplits>;
  close(): Promise<void>;
}

/** What runs feature queries: one folder each. Throws UserError, located in the query, when the query is wrong or not allowed. */
export interface Engine {
  query(job: QueryJob): Promise<QueryResult>;
  /** Judges and binds the query, and reads no rows. */
  prepare(job: PrepareJob): Promise<PreparedQuery>;
  /** Removes rows that were staged for a program. */
  unstage?(rows: StagedRows): Promise<void>;
}

/** What an engine's folder exports: how to start what runs feature queries. */
export interface EngineEntry {
  start(): Engine;
}

/** What an engine is started with that runs at a source of mergeml.yaml. */
export interface SourceJob<Type extends SourceType = SourceType> {
  /** Of the source: what `features.engine` says, and what names of tables may begin with. */
  name: string;
  source: SourceConfig<Type>;
  /** All of mergeml.yaml. */
  sources: Sources;
  /** Where the values are that the source names; to be looked up when a query is run, and never to be told. */
  env: Environment;
  /** Writes the files that rows are kept in. */
  files: FileEngine;
}

/** What an engine's folder exports whose queries run at sources of one type. */
export interface SourceEngine<Type extends SourceType = SourceType> {
  start(job: SourceJob<Type>): Engine;
}

/** An engine that also reads and writes the files we keep: datasets, prediction logs, rows to score. */
export interface FileEngine extends EngineEntry {
  dialect: FileDialect;
  openSession(options: SessionOptions): Promise<Session>;
}
