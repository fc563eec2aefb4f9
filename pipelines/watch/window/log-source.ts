import { join, relative } from "node:path";
import type { QueryLimits } from "../../data/engines/engine.ts";
import { interruptAfter, type Session } from "../../data/engines/session.ts";
import { openSession, quoteName } from "../../data/engines/tables.ts";
import { UserError } from "../../errors/expected-error.ts";
import { logKey } from "../../predictions/log-layout.ts";
import { tooSlow } from "../../predictions/score-input.ts";
import {
  type DriftWindow,
  labelsTable,
  labelsUntil,
  logFiles,
  rowsTable,
  targetText,
  type WindowJob,
  type WindowLayout,
  windowLimits,
  writeWindow,
} from "./drift-window.ts";
import { durationOf } from "./interval.ts";
import { type LogColumns, type LogFile, logColumnsOf, openLogFile, readReason, rowsOfFile } from "./log-rows.ts";
import { rowsOf, viewsOfRecord } from "./query-source.ts";

/** The rows of the prediction log that the production version predicted in the interval, with the labels that have arrived. */
export async function readLoggedRows(job: WindowJob, folder: string, file: string): Promise<DriftWindow> {
  const paths = await logFiles(folder, job.interval);
  return readLogFiles(job, { folder, paths, file, labels: await labelQuery(job), limits: windowLimits(job) });
}

/** What is needed to read rows of a log, whose labels somebody else finds. */
type LoggedJob = Pick<WindowJob, "record" | "interval" | "staging" | "root" | "now" | "drift">;

interface LoggedFiles {
  /** The log's, or the model's folder of it. */
  folder: string;
  paths: readonly string[];
  /** To be written. */
  file: string;
  labels: Awaited<ReturnType<typeof labelQuery>>;
  limits: QueryLimits;
}

/** The rows of these files that the production version predicted in the interval. */
export async function readLogFiles(
  job: LoggedJob,
  { folder, paths, file, labels, limits }: LoggedFiles,
): Promise<DriftWindow> {
  const { staging, interval } = job;
  const writable = [file, join(staging, "query.parquet")];
  using session = await openSession({ ...limits, readable: [folder], writable, spill: join(staging, "spill") });
  const limit = interruptAfter(session, limits.seconds);
  try {
    const log = await collectRows(session, job, paths);
    if ("query" in labels) await session.run(`CREATE TEMP TABLE ${labelsTable} AS ${labels.query}`);
    const { task, features } = job.record.candidate.config;
    const from = "query" in labels ? "joined" : labels;
    const plan = { task, target: features.target, from, until: labelsUntil(job), windowEnd: interval.to } as const;
    const written = await writeWindow(session, layoutOf(log.columns), plan, file);
    const { files, skipped, otherVersions } = log;
    const shown = skipped.map((each) => ({ ...each, file: relative(job.root, each.file) }));
    const inState = (wanted: string) =>
      log.columns.features.filter(({ state }) => state === wanted).map(({ name }) => name);
    return {
      interval,
      source: "log",
      file,
      ...written,
      vanished: inState("vanished"),
      changed: inState("changed"),
      added: log.columns.added,
      rejected: 0,
      log: { files, skipped: shown, otherVersions, redacted: inState("redacted") },
    };
  } catch (error) {
    throw limit.reached() ? tooSlow(`the prediction log of ${job.record.model}`, limits.seconds, error) : error;
  } finally {
    limit.stop();
  }
}

interface Collected {
  columns: LogColumns;
  files: number;
  skipped: { file: string; reason: string }[];
  otherVersions: number;
}

/** Fills the rows table. A file that cannot be read is skipped whole: no row of it is counted. */
async function collectRows(session: Session, job: LoggedJob, paths: readonly string[]): Promise<Collected> {
  const skipped: Collected["skipped"] = [];
  const opened: LogFile[] = [];
  for (const path of paths) {
    const found = await openLogFile(session, job, path).catch((error: unknown) => ({
      reason: readReason(error, path),
    }));
    if ("reason" in found) skipped.push({ file: path, reason: found.reason });
    else opened.push(found);
  }
  const used = opened.filter(({ rows }) => rows > 0);
  const columns = await logColumnsOf(session, job, used);
  await session.run(`CREATE TEMP TABLE ${rowsTable} (${definitions(columns).join(", ")})`);
  for (const file of used) {
    try {
      await session.run(`INSERT INTO ${rowsTable} ${rowsOfFile(columns, file)}`);
    } catch (error) {
      skipped.push({ file: file.path, reason: readReason(error, file.path) });
    }
  }
  if (skipped.length > 0 && skipped.length === paths.length) throw nothingReadable(job, skipped);
  const otherVersions = opened.reduce((sum, each) => sum + each.others, 0);
  return { columns, files: paths.length - skipped.length, skipped, otherVersions };
}

function definitions({ features, predictions }: LogColumns): string[] {
  const typed = (letter: string, columns: readonly { type: string }[]) =>
    columns.map(({ type }, at) => `${letter}${at} ${type}`);
  return ["t TIMESTAMP", "k VARCHAR", ...typed("f", features), ...typed("p", predictions)];
}

function layoutOf({ features, predictions }: LogColumns): WindowLayout {
  return {
    features: features.flatMap(({ name, state }, at) =>
      state === "vanished" || state === "redacted" ? [] : [{ name, column: `f${at}` }],
    ),
    predictions: predictions.flatMap(({ name, there }, at) => (there ? [{ name, column: `p${at}` }] : [])),
  };
}

function nothingReadable({ root }: Pick<WindowJob, "root">, skipped: Collected["skipped"]): UserError {
  const first = skipped.slice(0, 5).map(({ file, reason }) => `${relative(root, file)}: ${reason}`);
  return new UserError({
    message: `no file of the prediction log can be read (${skipped.length})`,
    hint: [...first, "mend or remove these files"].join("\n"),
  });
}

/**
 * SQL for the labels of logged predictions, `k` and `y`: the feature query of the production version on the interval and
 * `drift.label_delay` after it, because what was predicted may happen later. Or why there are none: predictions are worth
 * comparing without labels too, so that a query that fails is told and not fatal.
 */
export async function labelQuery(job: WindowJob): Promise<{ query: string } | { problem: string }> {
  const { config, query } = job.record.candidate;
  const { key, target } = config.features;
  if (key.length === 0) return { problem: "the model has no features.key, so labels cannot be joined" };
  try {
    const path = `models/${job.record.model}/${config.features.query}`;
    const { from: start, to } = job.interval;
    const interval = { from: start, to: new Date(to.getTime() + durationOf(job.drift.label_delay)) };
    const { from, columns } = await rowsOf({ ...job, interval }, { path, text: query }, viewsOfRecord(job));
    const absent = [...key, target].filter((name) => !columns.some((column) => column.name === name));
    if (absent.length > 0) return { problem: `the feature query does not return ${absent.join(", ")}` };
    const label = targetText(quoteName(target), config.task);
    return { query: `SELECT ${logKey(key.map(quoteName))} AS k, ${label} AS y FROM ${from}` };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { problem: `the feature query for the labels fails: ${error.message}` };
  }
}
