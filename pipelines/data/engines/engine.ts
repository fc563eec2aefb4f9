import type {
  QueryText,
  SourceConfig,
  SourcePart,
  Sources,
  SourceType,
  Task,
  Window,
} from "../../config/model-config.ts";
import type { Problem, SourceLocation } from "../../errors/expected-error.ts";
import type { Environment } from "../../ports/host.ts";
import type { CheckRule } from "../aggregate-checks.ts";
import type { DataFolder } from "../data-folders.ts";
import type { CheckResult } from "../dataset-store.ts";
import type { RowsDigest } from "../fingerprint.ts";
import type { ReachableSources } from "../sources/source-objects.ts";
import type { SourceSnapshot } from "../sources/source-snapshot.ts";
import type { FileDialect, RoleColumn, Session, SessionOptions, SourceColumn } from "./session.ts";

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

/** A query as the user wrote it, and how to point into it. Engines count in UTF-8 bytes, people in characters. */
export interface SqlText {
  file: string;
  text: string;
  bytes: Buffer;
  /** Where the pieces of the text are from, when that is not all `file`. */
  parts?: readonly SourcePart[];
}

/** A byte order mark becomes a space, so that positions stay those of the file. */
export function sqlText(file: string, text: string): SqlText {
  const plain = text.replace(/^\uFEFF/, " ");
  return { file, text: plain, bytes: Buffer.from(plain, "utf8") };
}

/** The same of a query that may be put together from several files. */
export function composedSql({ path, text, parts }: QueryText): SqlText {
  return parts ? { ...sqlText(path, text), parts } : sqlText(path, text);
}

/** Where a byte offset is in the user's file, with the word or quoted name that starts there underlined. */
export function locateByte(sql: SqlText, offset: number): SourceLocation {
  const inside = Math.max(0, Math.min(offset, sql.bytes.length));
  return locateIndex(sql, sql.bytes.toString("utf8", 0, inside).length);
}

/** A name that is longer is looked for nowhere: no pattern takes it. */
const longestWord = 1_000;

/** The first place where a name is written, as a word of its own; the start of the query when it is nowhere. */
export function locateWord(sql: SqlText, word: string): SourceLocation {
  const ownStart = beginning(sql);
  const start = ownStart + Math.max(0, sql.text.slice(ownStart).search(/\S/));
  if (word.length > longestWord) return locateIndex(sql, start);
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, "giu");
  // In the file that the query is of before those of others.
  pattern.lastIndex = ownStart;
  let found = pattern.exec(sql.text);
  if (!found && ownStart > 0) found = pattern.exec(sql.text);
  return locateIndex(sql, found?.index ?? start);
}

/** Where the query's own file begins in the text. */
function beginning({ file, parts = [] }: SqlText): number {
  return (
    parts.find((part) => part.file === file && part.length > 0 && part.text.slice(part.index).trim() !== "")?.at ?? 0
  );
}

function locateIndex(sql: SqlText, at: number): SourceLocation {
  const part = sql.parts?.findLast((each) => each.at <= at) ?? sql.parts?.[0];
  if (!part) return locateIn(sql.file, sql.text, at);
  return locateIn(part.file, part.text, part.index + Math.max(0, Math.min(at - part.at, part.length)));
}

function locateIn(file: string, text: string, index: number): SourceLocation {
  const start = text.lastIndexOf("\n", index - 1) + 1;
  const end = text.indexOf("\n", index);
  const lineText = text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
  const line = text.slice(0, start).split("\n").length;
  return { file, line, column: index - start + 1, length: tokenLength(text, index), lineText };
}

function tokenLength(text: string, index: number): number {
  const token = /^(?:'(?:[^'\n]|'')*'|"(?:[^"\n]|"")*"|\$?[\p{L}\p{N}_]+)/u.exec(text.slice(index, index + 200));
  return Math.max(1, token?.[0].length ?? 1);
}
