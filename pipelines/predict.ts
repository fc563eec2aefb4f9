import { randomUUID } from "node:crypto";
import { readFile, realpath, rename, rm } from "node:fs/promises";
import { extname, isAbsolute, join, relative } from "node:path";
import type { Window } from "./config/model-config.ts";
import { isInside } from "./data/data-folders.ts";
import type { Session } from "./data/engines/session.ts";
import { quoteText } from "./data/engines/tables.ts";
import { composeFile, joinDialect } from "./data/features/compose-models.ts";
import { loadViews } from "./data/features/load-views.ts";
import { UserError } from "./errors/expected-error.ts";
import { describeInput } from "./predictions/input-file.ts";
import {
  loggedColumns,
  type OutputFormat,
  outputColumns,
  outputFormat,
  rejectedPath,
  writeJoined,
  writeJoinedRows,
} from "./predictions/joined-rows.ts";
import { logDay } from "./predictions/log-layout.ts";
import type { PreparedRows, RejectedRow } from "./predictions/prepare-rows.ts";
import { isSameFile, type OutputPlace, outputPlace, refuseProtected } from "./predictions/protected-places.ts";
import { queryRows } from "./predictions/query-input.ts";
import { type ScoredInput, type ScoringJob, scoreInput } from "./predictions/score-input.ts";
import type { VersionRecord } from "./registry/version-record.ts";
import { countOf } from "./statistics/format-number.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** Rows to score and where the answers go. Paths are absolute; `name` is what the user called the input. */
export interface PredictJob {
  model: string;
  version: number;
  input: { path: string; name: string };
  /** For a query that uses $start and $end. */
  window: Window | null;
  output: string;
  /** Write where data, logs or files of git are, too; never onto the input. */
  force: boolean;
  /** Root of the prediction log; null to log nothing. */
  log: string | null;
  /** The time that is logged. */
  now: Date;
}

/** What came of it. Paths are absolute. */
export interface PredictResult extends PreparedRows {
  model: string;
  version: number;
  scored: number;
  output: string;
  /** Rows that were refused, kept aside; null when there are none. */
  rejected_file: string | null;
  /** Columns of the input that neither the model nor its key needs. */
  ignored: readonly string[];
  /** The file that was added to the prediction log. */
  logged: string | null;
}

interface Places {
  output: OutputPlace;
  rejected: OutputPlace;
  log: OutputPlace | null;
  format: OutputFormat;
}

/**
 * Scores the rows of a file or a query with a registered version, whose bytes are checked first. Throws UserError, and writes
 * only the refused rows, when no row can be scored.
 */
export async function predictRows(workspace: Workspace, job: PredictJob): Promise<PredictResult> {
  const snapshot = await workspace.registry.snapshot({ fetch: true });
  const record = await snapshot.trusted(job.model, job.version);
  const bytes = await snapshot.modelBytes(job.model, job.version);
  await using staging = await workspace.store.staging();
  const places = await placesOf(workspace, job);
  try {
    const { threads, clock } = workspace;
    const { key, time } = record.candidate.config.features;
    const writable = [places.output.aside, places.rejected.aside, ...(places.log ? [places.log.aside] : [])];
    const kept = [...key, ...(time === null ? [] : [time])];
    const input = await inputOf(workspace, job, record, { staging: staging.path, kept });
    const scoring = {
      record,
      bytes,
      input,
      kept,
      absent: "refuse",
      writable,
      staging: staging.path,
      threads,
      clock,
    } as const;
    const result = await scoreInput(scoring, (scored) => keep(job, record, scored, places));
    await sendLog(workspace, result.logged);
    return result;
  } finally {
    for (const place of [places.output, places.rejected, places.log]) if (place) await rm(place.aside, { force: true });
  }
}

/** A log in a bucket has a folder here, from which what was added is sent; it stays there to be sent by hand if that fails. */
async function sendLog({ remoteLog }: Workspace, logged: string | null): Promise<void> {
  if (remoteLog && logged !== null && isInside(await realpath(remoteLog.folder), logged)) await remoteLog.send(logged);
}

async function placesOf(workspace: Workspace, { input, output, force, log, model, now }: PredictJob): Promise<Places> {
  const outputAt = await outputPlace("--output", output);
  const format = outputFormat("--output", output);
  const logFile = `batch-${randomUUID().slice(0, 8)}-0.parquet`;
  const places = {
    format,
    output: outputAt,
    rejected: await outputPlace("--output", rejectedPath(output, format)),
    log: log === null ? null : await outputPlace("the prediction log", join(log, model, logDay(now), logFile)),
  };
  for (const { path } of [places.output, places.rejected]) {
    if (await isSameFile(path, input.path))
      throw new UserError({ message: `--output is ${input.name}, the input itself`, hint: "name another file" });
    if (!force) await refuseProtected(workspace, { name: `--output ${shown(workspace, path)}`, path });
  }
  return places;
}

function shown({ root }: Workspace, path: string): string {
  const near = relative(root, path);
  return near.startsWith("..") || isAbsolute(near) ? path : near;
}

const noWindow = { why: "no time was given", hint: "add --from 2001-04-01 --to 2001-05-01, the end exclusive" };

async function inputOf(
  workspace: Workspace,
  { input: { path, name }, window }: PredictJob,
  { candidate }: VersionRecord,
  { staging, kept }: Pick<ScoringJob, "staging" | "kept">,
): Promise<ScoringJob["input"]> {
  if (extname(path) !== ".sql") {
    const file = await realpath(path).catch(() => path);
    const staged = join(staging, "input.parquet");
    return {
      file,
      name,
      staged,
      describe: (session: Session) => describeInput(session, { file, name, staged }, kept),
    };
  }
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new UserError({ message: `${name} cannot be read`, hint: "--input names a query or a data file" }, { cause });
  });
  const { engineOf, root, repository, extraData, threads } = workspace;
  const { features, resources } = candidate.config;
  const { memory_gb, timeout_minutes } = resources;
  const limits = { memory_gb, threads, seconds: timeout_minutes * 60 };
  const dialect = joinDialect(features.engine, repository.sources);
  const { query, views } = composeFile({ path: name, text }, () => loadViews(root), dialect);
  const unusedWindow = {
    message: `${name} uses neither $start nor $end: --from and --to would change nothing`,
    hint: "add WHERE <time> >= $start AND <time> < $end to it, or leave --from and --to out",
  };
  const job = {
    engine: engineOf(features.engine),
    root,
    data: repository.data,
    extraData,
    query,
    views,
    quoteName: dialect.quoteName,
    window,
    noWindow,
    unusedWindow,
    limits,
    staging,
  };
  const rows = await queryRows(job);
  return { file: rows.file, name, describe: () => Promise.resolve(rows) };
}

async function keep(
  job: PredictJob,
  record: VersionRecord,
  scored: ScoredInput,
  places: Places,
): Promise<PredictResult> {
  const { session, plan, file, rows, rejected, examples } = scored;
  const { classes, config } = record.candidate;
  const rejectedFile = rejected > 0 ? await keepRejected(scored, places) : null;
  if (rows > 0 && scored.scored === 0) throw nothingScored(job, rows, examples, rejectedFile);
  const { format } = places;
  await writeJoined(session, file, outputColumns(plan, classes), { target: places.output.aside, format });
  if (places.log) {
    const { now: time, model, version } = job;
    const facts = { time, model, version, arm: "batch", latency: scored.latency, key: config.features.key };
    const logFormat = outputFormat("the prediction log", places.log.path);
    await writeJoined(session, file, loggedColumns(plan, classes, facts), {
      target: places.log.aside,
      format: logFormat,
    });
  }
  await rename(places.output.aside, places.output.path);
  if (places.log) await rename(places.log.aside, places.log.path);
  if (rejectedFile === null) await rm(places.rejected.path, { force: true }); // of an earlier run: it would belie this one
  return {
    model: job.model,
    version: job.version,
    rows,
    scored: scored.scored,
    rejected,
    examples,
    output: job.output,
    rejected_file: rejectedFile,
    ignored: plan.ignored,
    logged: places.log?.path ?? null,
  };
}

async function keepRejected(
  { session, rejectedFile }: ScoredInput,
  { rejected: { aside, path }, format }: Places,
): Promise<string> {
  const query = `SELECT * FROM read_parquet(${quoteText(rejectedFile)})`;
  await writeJoinedRows(session, query, { target: aside, format });
  await rename(aside, path);
  return path;
}

function nothingScored(
  { input }: PredictJob,
  rows: number,
  examples: readonly RejectedRow[],
  file: string | null,
): UserError {
  const [first] = examples;
  const message = `no row of ${input.name} can be scored (${countOf(rows, "row")})`;
  return new UserError({ message, hint: `row ${first?.row}: ${first?.reason}\nall of them are in ${file}` });
}
