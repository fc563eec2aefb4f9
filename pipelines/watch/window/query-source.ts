import { join } from "node:path";
import type { UsedView } from "../../config/load-models.ts";
import type { QueryText } from "../../config/model-config.ts";
import { readProjectFile } from "../../config/project-file.ts";
import { interruptAfter, type Session } from "../../data/engines/session.ts";
import { openSession, quoteText } from "../../data/engines/tables.ts";
import { recordedViews } from "../../data/features/check-views.ts";
import { composeFile, joinDialect } from "../../data/features/compose-models.ts";
import { loadViews } from "../../data/features/load-views.ts";
import { predictedColumns } from "../../data/scores-table.ts";
import { UserError } from "../../errors/expected-error.ts";
import { inputError } from "../../predictions/input-file.ts";
import { logKey } from "../../predictions/log-layout.ts";
import { type PreparedRows, planRows, prepareRows, type RowPlan } from "../../predictions/prepare-rows.ts";
import { type QueriedRows, queryRows } from "../../predictions/query-input.ts";
import { scoreInput, tooSlow } from "../../predictions/score-input.ts";
import {
  type DriftWindow,
  labelsUntil,
  rowsTable,
  targetText,
  UnwatchedModel,
  type WindowJob,
  windowLimits,
  writeWindow,
} from "./drift-window.ts";
import { unusedParameters, uselessQueryProblem } from "./useless-query.ts";

/** The rows that `drift.query` returns for the interval. What it does not return is scored, or has no labels. */
export async function readMonitoringQuery(job: WindowJob, query: string, file: string): Promise<DriftWindow> {
  const path = `models/${job.record.model}/${query}`;
  const found = readProjectFile(job.root, path);
  if (found.state !== "read") {
    const message = `${path}, which drift.query names, ${found.state === "absent" ? "is not there" : `cannot be used: ${found.reason}`}`;
    throw new UserError({ message, hint: "write one SELECT that returns a row per prediction", key: "drift.query" });
  }
  const { query: composed, views } = composeFile({ path, text: found.text }, () => loadViews(job.root), dialectOf(job));
  const rows = await rowsOf(job, composed, views);
  const { features, config } = job.record.candidate;
  const wanted = { model: job.record.model, features: features.map(({ name }) => name), query: config.features.query };
  const useless = uselessQueryProblem(wanted, path, rows);
  if (useless) throw new UserError(useless);
  return readRows(job, "query", rows, givenPredictions(rows, job), file);
}

/** The rows of the feature query that production was trained with, on the interval, scored by production. */
export async function readNextWindow(job: WindowJob, file: string): Promise<DriftWindow> {
  const { config, query } = job.record.candidate;
  const path = `models/${job.record.model}/${config.features.query}`;
  if (config.features.window === null) throw noSource(job, path, "has no window");
  const rows = await rowsOf(job, { path, text: query }, viewsOfRecord(job));
  const unused = unusedParameters(rows);
  if (unused.length > 0) throw noSource(job, path, `does not use ${unused.join(" and ")}`);
  return readRows(job, "features", rows, [], file);
}

function noSource({ record: { model }, repository }: WindowJob, path: string, why: string): UnwatchedModel {
  const log = `${repository.predictions}/${model}`;
  return new UnwatchedModel({
    message: `${model} has no recent rows to compare: there is no prediction log in ${log}, and ${path} ${why}`,
    hint: `log predictions there (mergeml predict ${model} … --log), or add drift.query to model.yaml: a SQL file that returns the rows from $start to $end`,
  });
}

/** The feature views in the recorded query. */
export function viewsOfRecord({ record }: WindowJob): UsedView[] {
  const { composition } = record.candidate.config.features;
  return composition ? recordedViews(composition) : [];
}

function dialectOf({ record, repository }: WindowJob): ReturnType<typeof joinDialect> {
  return joinDialect(record.candidate.config.features.engine, repository.sources);
}

/** Runs a query on the interval, on the engine of the version in production. The constraints of its views must hold there too. */
export function rowsOf(job: WindowJob, query: QueryText, views: readonly UsedView[]): Promise<QueriedRows> {
  const { engineOf, record, root, repository, extraData, staging, interval } = job;
  const window = { start: interval.from.toISOString(), end: interval.to.toISOString() };
  const limits = windowLimits(job);
  const name = record.candidate.config.features.engine;
  const { quoteName } = dialectOf(job);
  return queryRows({
    engine: engineOf(name),
    quoteName,
    views,
    root,
    data: repository.data,
    extraData,
    query,
    window,
    limits,
    staging,
  });
}

/** Names of the prediction columns, if the query returns all of them. */
function givenPredictions({ columns }: QueriedRows, { record }: WindowJob): string[] {
  const { features, classes } = record.candidate;
  const names = features.map(({ name }) => name);
  const wanted = predictedColumns(classes, names).map(({ name }) => name);
  return wanted.every((name) => columns.some((column) => column.name === name)) ? wanted : [];
}

async function readRows(
  job: WindowJob,
  source: "query" | "features",
  input: QueriedRows,
  given: readonly string[],
  file: string,
): Promise<DriftWindow> {
  const { record, staging, threads, clock } = job;
  const { key, time, target } = record.candidate.config.features;
  const kept = [...key, ...(time === null ? [] : [time]), target, ...given];
  const finish = (session: Session, plan: RowPlan, rows: string, prepared: PreparedRows) =>
    finishWindow(job, { source, session, plan, rows, prepared, given, file });
  if (given.length > 0) return readGiven(job, planRows(input, record.candidate.features, kept), file, finish);
  const { name } = input;
  return scoreInput(
    {
      record,
      bytes: await job.bytes(),
      input: { file: input.file, name, describe: () => Promise.resolve(input) },
      kept,
      absent: "missing",
      writable: [file],
      staging,
      threads,
      clock,
    },
    (scored) => finish(scored.session, scored.plan, scored.file, scored),
  );
}

type Finish = (session: Session, plan: RowPlan, rows: string, prepared: PreparedRows) => Promise<DriftWindow>;

async function readGiven(job: WindowJob, plan: RowPlan, file: string, finish: Finish): Promise<DriftWindow> {
  const { staging } = job;
  const files = { scored: join(staging, "rows.parquet"), rejected: join(staging, "rejected.parquet") };
  const writable = [join(staging, "query.parquet"), files.scored, files.rejected, file];
  const { memory_gb, threads, seconds } = windowLimits(job);
  using session = await openSession({ memory_gb, threads, readable: [], writable, spill: join(staging, "spill") });
  const limit = interruptAfter(session, seconds);
  try {
    return await finish(session, plan, files.scored, await prepareRows(session, plan, files));
  } catch (error) {
    throw limit.reached() ? tooSlow(plan.input.name, seconds, error) : inputError(error, plan.input.name);
  } finally {
    limit.stop();
  }
}

interface Finishing {
  source: "query" | "features";
  session: Session;
  plan: RowPlan;
  /** The prepared rows. */
  rows: string;
  prepared: PreparedRows;
  given: readonly string[];
  file: string;
}

async function finishWindow(job: WindowJob, finishing: Finishing): Promise<DriftWindow> {
  const { source, session, plan, prepared, given, file } = finishing;
  const { task, features } = job.record.candidate.config;
  await session.run(`CREATE TEMP TABLE ${rowsTable} AS ${rowsQuery(job, finishing)}`);
  const layout = {
    features: featureColumns(plan),
    predictions: (given.length > 0 ? given : predictionNames(job, plan)).map((name, at) => ({
      name,
      column: `p${at}`,
    })),
  };
  const hasTarget = placeOf(plan, features.target) !== null;
  const problem = `the query does not return the target ${features.target}`;
  const labels = {
    from: hasTarget ? ("own" as const) : { problem },
    until: labelsUntil(job),
    windowEnd: job.interval.to,
  };
  const written = await writeWindow(session, layout, { task, target: features.target, ...labels }, file);
  const { vanished, changed, ignored: added } = plan;
  return {
    interval: job.interval,
    source,
    file,
    ...written,
    vanished,
    changed,
    added,
    rejected: prepared.rejected,
    log: null,
  };
}

function featureColumns(plan: RowPlan): { name: string; column: string }[] {
  return plan.features.flatMap(({ name }, at) => {
    if (plan.vanished.includes(name)) return [];
    return [{ name, column: plan.changed.includes(name) ? `raw${at}` : `f${at}` }];
  });
}

function predictionNames({ record }: WindowJob, { features }: RowPlan): string[] {
  const names = features.map(({ name }) => name);
  return predictedColumns(record.candidate.classes, names).map(({ name }) => name);
}

/** The kept column of a name, `k0` …, or null when the query does not return it. */
function placeOf({ kept }: RowPlan, name: string): string | null {
  const at = kept.findIndex((column) => column.name === name);
  return at < 0 ? null : `k${at}`;
}

function rowsQuery({ record }: WindowJob, { plan, rows, given }: Finishing): string {
  const { classes, config } = record.candidate;
  const { key, time, target } = config.features;
  const keys = key.map((name) => placeOf(plan, name));
  const label = placeOf(plan, target);
  const columns = [
    `${timeOf(plan, time)} AS t`,
    `${logKey(keys.every((each) => each !== null) ? keys : [])} AS k`,
    ...plan.features.map((_, at) => `f${at}`),
    ...plan.features.flatMap(({ name }, at) =>
      plan.changed.includes(name) ? [`${placeOf(plan, name)} AS raw${at}`] : [],
    ),
    ...(given.length > 0
      ? given.map(
          (name, at) =>
            `TRY_CAST(${placeOf(plan, name)} AS ${classes.length > 0 && at === 0 ? "VARCHAR" : "DOUBLE"}) AS p${at}`,
        )
      : predictedColumns(classes, []).map(({ sql }, at) => `${sql} AS p${at}`)),
    `${label === null ? "CAST(NULL AS VARCHAR)" : targetText(label, config.task)} AS y`,
  ];
  const file = `read_parquet(${quoteText(rows)})`;
  return `SELECT ${columns.join(", ")} FROM ${given.length > 0 ? file : `scores POSITIONAL JOIN ${file}`}`;
}

function timeOf(plan: RowPlan, time: string | null): string {
  const column = time === null ? null : placeOf(plan, time);
  const kind = plan.kept.find(({ name }) => name === time)?.kind;
  if (column === null || !["date", "timestamp", "text"].includes(kind ?? "")) return "CAST(NULL AS TIMESTAMP)";
  return `TRY_CAST(${column} AS TIMESTAMP)`;
}
