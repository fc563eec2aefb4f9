import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ModelConfig, RepositoryConfig, Task } from "../../config/model-config.ts";
import type { QueryLimits } from "../../data/engines/engine.ts";
import type { EngineOf } from "../../data/engines/engines.ts";
import type { Session } from "../../data/engines/session.ts";
import { quoteName, quoteText } from "../../data/engines/tables.ts";
import { freeName } from "../../data/free-name.ts";
import { UserError } from "../../errors/expected-error.ts";
import type { Clock } from "../../ports/host.ts";
import type { VersionRecord } from "../../registry/version-record.ts";
import { durationOf, type Interval } from "./interval.ts";

/** What is needed to find the rows of a window. */
export interface WindowJob {
  engineOf: EngineOf;
  /** The repository's root and settings. */
  root: string;
  repository: Pick<RepositoryConfig, "data" | "predictions" | "sources">;
  /** Folders outside the repository that the operator lets queries read. */
  extraData: readonly string[];
  threads: number;
  clock: Clock;
  /** What is in production, and its checked bytes, read only when rows must be scored. */
  record: VersionRecord;
  bytes(): Promise<Uint8Array>;
  /** Of today's model.yaml. */
  drift: Pick<ModelConfig["drift"], "query" | "label_delay">;
  interval: Interval;
  /** Labels count when they are older than the delay now. */
  now: Date;
  /** A directory of our own; the window's file is written there. */
  staging: string;
}

/** Where the rows came from: the monitoring query, the prediction log, or the feature query on the next window. */
type WindowSource = "query" | "log" | "features";

/** The rows of a window as one Parquet file, and what is known of them. */
export interface DriftWindow {
  interval: Interval;
  source: WindowSource;
  /** Features by their names, then the prediction columns, then the target if there are labels. */
  file: string;
  columns: WindowColumns;
  rows: number;
  labels: WindowLabels;
  /** Features that the source does not have, and those whose values are of another type: these are in the file as they came. */
  vanished: readonly string[];
  changed: readonly string[];
  /** Columns of the source that the model does not know. */
  added: readonly string[];
  /** Rows with a value that cannot be converted, which are left out. */
  rejected: number;
  /** Only of the prediction log. */
  log: LogFacts | null;
}

/** What columns of the file are called: a name that is taken already gets an underscore. */
interface WindowColumns {
  /** Features that are there. */
  features: readonly string[];
  /** `prediction`, or `label` and `probability_<class>`; a log may lack some. */
  predictions: readonly string[];
  /** The target; null when no labels were looked for. It is null in rows whose label does not count. */
  target: string | null;
}

/** The four sum up to the rows, unless no labels were looked for. */
interface WindowLabels {
  /** Rows whose label counts. */
  known: number;
  /** Rows younger than `drift.label_delay`, whatever their label. */
  late: number;
  /** Older rows without a label. */
  missing: number;
  /** Older rows whose key has labels that contradict each other; none of them counts. */
  duplicated: number;
  /** Why no labels were looked for; null when they were. */
  problem: string | null;
}

interface LogFacts {
  files: number;
  /** Files that cannot be read, or are no prediction log. */
  skipped: readonly { file: string; reason: string }[];
  /** Rows of the interval that other versions predicted. */
  otherVersions: number;
  /** Features that were logged as null on purpose, and are not compared; what was checked before lacks them. */
  redacted?: readonly string[];
}

/** A model has no source of live rows at all, which is wrong only when somebody asks for it. */
export class UnwatchedModel extends UserError {}

/** What the queries of a window may use: what training could. */
export function windowLimits({ record, threads }: Pick<WindowJob, "record" | "threads">): QueryLimits {
  const { memory_gb, timeout_minutes } = record.candidate.config.resources;
  return { memory_gb, threads, seconds: timeout_minutes * 60 };
}

/** Labels of rows until this moment count. */
export function labelsUntil({ now, drift }: Pick<WindowJob, "now" | "drift">): Date {
  return new Date(now.getTime() - durationOf(drift.label_delay));
}

/**
 * The rows of a window in a session, before they are labelled: `t` (TIMESTAMP, UTC; null when unknown), `k` (the key as in
 * the prediction log), `f0` … and `p0` …, and, when the source has the target itself, `y` as a text.
 */
export const rowsTable = "window_rows";

/** Labels of a window: `k` and `y`, a text. */
export const labelsTable = "window_labels";

/** How labels are found. */
interface LabelPlan {
  task: Task;
  target: string;
  /** `own`: in the rows; `joined`: in the labels table, by key; otherwise why there are none. */
  from: "own" | "joined" | { problem: string };
  /** Labels of rows until this moment count; of rows without a time, only if the whole window is older. */
  until: Date;
  windowEnd: Date;
}

/** A column of the file and the column of the rows table that it is. */
interface NamedColumn {
  name: string;
  column: string;
}

export interface WindowLayout {
  features: readonly NamedColumn[];
  predictions: readonly NamedColumn[];
}

/** Decides of every label whether it counts, and writes the file. */
export async function writeWindow(
  session: Session,
  { features, predictions }: WindowLayout,
  plan: LabelPlan,
  file: string,
): Promise<{ rows: number; columns: WindowColumns; labels: WindowLabels }> {
  const names = [...features, ...predictions].map(({ name }) => name);
  const labelled = typeof plan.from === "string";
  const target = labelled ? freeName(plan.target, names) : null;
  await session.run(`CREATE TEMP VIEW window_states AS ${statesQuery(plan)}`);
  const outputs = [...features, ...predictions].map(({ name, column }) => `${column} AS ${quoteName(name)}`);
  const type = plan.task === "regression" ? "DOUBLE" : "VARCHAR";
  if (target) outputs.push(`CASE WHEN state = 'known' THEN TRY_CAST(label AS ${type}) END AS ${quoteName(target)}`);
  await session.run(`COPY (SELECT ${outputs.join(", ")} FROM window_states) TO ${quoteText(file)} (FORMAT parquet)`);
  const counts = await session.rows("SELECT state, count(*) AS rows FROM window_states GROUP BY state");
  const count = (state: string) => Number(counts.find((row) => row.state === state)?.rows ?? 0);
  const { rows } = await session.row(`SELECT count(*) AS rows FROM ${rowsTable}`);
  return {
    rows: Number(rows),
    columns: {
      features: features.map(({ name }) => name),
      predictions: predictions.map(({ name }) => name),
      target,
    },
    labels: {
      known: count("known"),
      late: count("late"),
      missing: count("missing"),
      duplicated: count("duplicated"),
      problem: typeof plan.from === "string" ? null : plan.from.problem,
    },
  };
}

function statesQuery({ from, until, windowEnd }: LabelPlan): string {
  if (typeof from !== "string") return `SELECT *, 'unlabelled' AS state FROM ${rowsTable}`;
  const oldEnough = windowEnd.getTime() <= until.getTime();
  const late = `coalesce(r.t > TIMESTAMP ${quoteText(sqlTime(until))}, ${!oldEnough})`;
  const label = from === "own" ? "r.y" : "l.label";
  const source = from === "own" ? rowsTable : labelsTable;
  return `SELECT r.*, ${label} AS label, CASE
      WHEN ${late} THEN 'late'
      WHEN l.labels > 1 THEN 'duplicated'
      WHEN ${label} IS NULL THEN 'missing'
      ELSE 'known' END AS state
    FROM ${rowsTable} r LEFT JOIN (
      SELECT k, min(y) AS label, count(DISTINCT y) AS labels FROM ${source} WHERE k IS NOT NULL AND y IS NOT NULL GROUP BY k
    ) l ON r.k = l.k`;
}

/** `2001-06-15 12:00:00.000`, UTC. */
export function sqlTime(time: Date): string {
  return time.toISOString().replace("T", " ").replace("Z", "");
}

/** SQL for a target as the text that is compared and counted: missing and NaN are no labels. */
export function targetText(column: string, task: Task): string {
  if (task === "classification") return `CAST(${column} AS VARCHAR)`;
  const value = `TRY_CAST(${column} AS DOUBLE)`;
  return `CASE WHEN isfinite(${value}) THEN CAST(${value} AS VARCHAR) END`;
}

/** The model's folder of the prediction log without links, or null when there is none. */
export async function logFolder(root: string, predictions: string, model: string): Promise<string | null> {
  const folder = resolve(root, predictions, model);
  return existsSync(folder) ? realpath(folder) : null;
}

const day = 24 * 60 * 60 * 1000;

/** A writer may have written a row into the folder of the day before or after: clocks differ, and batches cross midnight. */
export async function logFiles(folder: string, { from, to }: Interval): Promise<string[]> {
  const [first, last] = [from.getTime() - day, to.getTime() + day].map((time) =>
    new Date(time).toISOString().slice(0, 10),
  );
  const days = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && /^\d{4}-\d{2}-\d{2}$/.test(entry.name))
    .map(({ name }) => name)
    .filter((name) => name >= (first ?? "") && name <= (last ?? ""))
    .sort();
  const files = await Promise.all(days.map((name) => parquetFiles(join(folder, name))));
  return files.flat();
}

/** Plain files only: a link could lead anywhere. Hidden ones are not finished yet. */
async function parquetFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && /^[^.].*\.parquet$/.test(entry.name));
  return names.map(({ name }) => join(folder, name)).sort();
}
