import { join, relative } from "node:path";
import type { QueryLimits } from "../../data/engines/engine.ts";
import { interruptAfter, type Session } from "../../data/engines/session.ts";
import { openSession } from "../../data/engines/tables.ts";
import { UserError } from "../../errors/user-error.ts";
import { tooSlow } from "../../predictions/score-input.ts";
import type { DriftWindow, WindowJob } from "./drift-window.ts";
import { type LogColumns, logColumnsOf } from "./log-columns.ts";
import { logFiles } from "./log-files.ts";
import { labelQuery } from "./log-labels.ts";
import { type LogFile, openLogFile, readReason, rowsOfFile } from "./log-rows.ts";
import { labelsUntil, windowLimits } from "./window-job.ts";
import { labelsTable, rowsTable, type WindowLayout, writeWindow } from "./window-rows.ts";

/** The rows of the prediction log that the production version predicted in the interval, with the labels that have arrived. */
export async function readLoggedRows(job: WindowJob, folder: string, file: string): Promise<DriftWindow> {
  const paths = await logFiles(folder, job.interval);
  return readLogFiles(job, { folder, paths, file, labels: await labelQuery(job), limits: windowLimits(job) });
}

/** What is needed to read rows of a log, whose labels somebody else finds. */
export type LoggedJob = Pick<WindowJob, "record" | "interval" | "staging" | "root" | "now" | "drift">;

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
