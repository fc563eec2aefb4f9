import type { ModelConfig, QueryText } from "../config/model-config.ts";
import { type Problem, type SourceLocation, UserError } from "../errors/expected-error.ts";
import type { Log } from "../ports/host.ts";
import { formatCount } from "../statistics/format-number.ts";
import { resolveChecks } from "./aggregate-checks.ts";
import { assignRoles, featureSpecs, type RoleRequest, withoutJoined } from "./assign-roles.ts";
import { countDuplicates } from "./count-duplicates.ts";
import { featureNotes, precisionWarnings, requireUsableRows, requireUsableSplits } from "./data-facts.ts";
import { openDataFolders } from "./data-folders.ts";
import type { CheckResult, DatasetRef, DatasetStore, FeatureResult } from "./dataset-store.ts";
import {
  composedSql,
  type Engine,
  locateWord,
  type QueryLimits,
  type QueryResult,
  type WrittenSplit,
} from "./engines/engine.ts";
import type { RoleColumn } from "./engines/session.ts";
import { fingerprint, schemaType } from "./fingerprint.ts";
import type { SourceSnapshot } from "./sources/source-snapshot.ts";

/** A model as far as its datasets depend on it. */
export interface FeatureModel {
  config: ModelConfig;
  /** Path of model.yaml, for messages. */
  file: string;
  query: QueryText;
  /** Where a key of model.yaml is written. */
  locate?: (keyPath: readonly (string | number)[]) => SourceLocation;
}

export interface FeatureJob {
  /** The repository's root. */
  root: string;
  model: FeatureModel;
  /** Folders of mergeml.yaml, relative to the root. */
  data: readonly string[];
  /** Absolute folders that the operator, not the repository, lets queries read. */
  extraData?: readonly string[];
  engine: Engine;
  store: DatasetStore;
  log: Log;
  /** Draws the split by key. */
  splitSeed: number;
  /** Most rows to train on, whatever `resources.max_rows` says: what the trainer can take. */
  mostRows?: number | undefined;
  /** By default what `resources` in model.yaml says. */
  limits?: QueryLimits;
  /** What an earlier run read of sources, to be read again. */
  pinned?: readonly SourceSnapshot[] | undefined;
}

/**
 * Runs the feature query in the engine's sandbox, checks its rows, splits them and stores both sides. A failed blocking check
 * is returned, and nothing is stored. Throws UserError for whatever the user can mend, and leaves nothing behind then.
 */
export async function buildFeatures(job: FeatureJob): Promise<FeatureResult> {
  const built = await checkAndStore(job);
  const { features } = job.model.config;
  if (!built.ok || !mayBeTorn(features)) return built;
  const { threads } = job.limits ?? configuredLimits(job.model.config);
  const duplicates = await countDuplicates({ store: job.store, threads }, built, features.target);
  return { ...built, duplicates };
}

/** Whether equal rows may be on both sides: by key without a key, the row itself decides. */
function mayBeTorn({ key, split }: ModelConfig["features"]): boolean {
  return split.by === "time" || split.group !== undefined || key.length > 0;
}

async function checkAndStore(job: FeatureJob): Promise<FeatureResult> {
  const { root, model, data, extraData, store, log } = job;
  const folders = await openDataFolders(root, data, extraData);
  const sql = composedSql(model.query);
  await using staging = await store.staging();
  const { window } = model.config.features;
  const limits = job.limits ?? configuredLimits(model.config);
  const unusedWindow = unusedWindowProblem(model);
  const result = await job.engine.query({
    sql,
    window,
    unusedWindow,
    folders,
    staging: staging.path,
    limits,
    pinned: job.pinned,
  });
  try {
    if (result.rows === 0) throw noRows(model, sql);
    const locate = (path: readonly (string | number)[]) => model.locate?.(path);
    const { task, features, thresholds, drift, serving, type, params } = model.config;
    const slices = thresholds.slices.map(({ by }) => by);
    const redacted = serving?.log.redact;
    const request = { task, features, slices, driftGroup: drift.group, redacted, locate, sql };
    const columns = assignRoles(withoutJoined(result.columns, features), request);
    // Only a program may ask for rows where they are; trainers of ours have no such params.
    const extent = { maxRows: mostToTrain(job, result.rows), stage: type === "command" && params.data === "staged" };
    const rules = resolveChecks(features.checks, result.columns, (at) => locate(["features", "checks", at]));
    const checks = await result.check(rules);
    warnOfFailures(checks, log);
    const { sources } = result;
    if (checks.some(({ passed, severity }) => !passed && severity === "block"))
      return { ok: false, checks, rows: result.rows, ...(sources && { sources }) };
    const splits = await storeSplits(result, columns, request, job, extent);
    return { ok: true, checks, ...splits, ...(sources && { sources }) };
  } finally {
    await result.close();
  }
}

/** A model that means to train on a window and trains on everything would leak the future, and never move with a retrain. */
export function unusedWindowProblem({ query, locate }: FeatureModel): Problem {
  const where = locate?.(["features", "window"]);
  return {
    message: `features.window is set, but ${query.path} uses neither $start nor $end: it would train on everything`,
    hint: "add WHERE <time> >= $start AND <time> < $end to the query, or remove features.window",
    key: "features.window",
    ...(where ? { where } : {}),
  };
}

function configuredLimits({ resources }: ModelConfig): QueryLimits {
  const { memory_gb, threads, timeout_minutes } = resources;
  return { memory_gb, threads, seconds: timeout_minutes * 60 };
}

function noRows({ config, query }: FeatureModel, sql: RoleRequest["sql"]): UserError {
  const { window } = config.features;
  const hint = window
    ? `look at its conditions and at features.window, ${window.start} to ${window.end} (end exclusive)`
    : "look at its conditions";
  return new UserError({ message: `the query ${query.path} returns no rows`, hint, where: locateWord(sql, "select") });
}

/** Of more train rows than this a sample is taken; undefined where there are not so many rows, so that none is hashed for nothing. */
function mostToTrain({ model, mostRows }: FeatureJob, rows: number): number | undefined {
  const most = Math.min(
    model.config.resources.max_rows ?? Number.POSITIVE_INFINITY,
    mostRows ?? Number.POSITIVE_INFINITY,
  );
  return rows > most ? most : undefined;
}

/** Says which checks failed that only warn. */
export function warnOfFailures(checks: readonly CheckResult[], log: Log): void {
  for (const { check, severity, passed, found } of checks) {
    if (!passed && severity === "warn") log.warn(`check failed (warning only): ${check}: ${found}`);
  }
}

async function storeSplits(
  result: QueryResult,
  columns: readonly RoleColumn[],
  request: RoleRequest,
  job: FeatureJob,
  extent: { maxRows: number | undefined; stage: boolean },
) {
  const { splitSeed: seed, store } = job;
  const facts = await result.facts(columns);
  await requireUsableRows(result, columns, facts, request);
  const { task, features } = request;
  const stored = storedOrder(columns);
  const { maxRows, stage } = extent;
  const plan = { ...features.split, seed, task, ...(maxRows === undefined ? {} : { max_rows: maxRows }), stage };
  const splits = await result.write(stored, plan);
  requireUsableSplits(splits, features.target, request);
  return {
    ...(splits.staged && { staged: splits.staged }),
    train: await storeSplit(splits.train, stored, store),
    test: await storeSplit(splits.test, stored, store),
    features: featureSpecs(columns),
    classes: splits.classes,
    warnings: precisionWarnings(columns, facts),
    notes: [
      ...(splits.boundary === null ? [] : [`split by time: test begins at ${splits.boundary}`]),
      ...sampleNotes(splits.train, features.key, reasonOf(job)),
      ...windowNotes(result, features.window),
      ...featureNotes(columns, facts, result.rows),
    ],
  };
}

/** Key, group, time, features, target: the order does not depend on where the query happens to name the target. */
export function storedOrder(columns: readonly RoleColumn[]): RoleColumn[] {
  const order = ["key", "group", "time", "feature", "target"];
  return columns.toSorted((a, b) => order.indexOf(a.role) - order.indexOf(b.role));
}

async function storeSplit(
  split: WrittenSplit,
  columns: readonly RoleColumn[],
  store: DatasetStore,
): Promise<DatasetRef> {
  const schema = columns.map(({ name, kind, scale }) => ({ name, type: schemaType(kind, scale) }));
  const { rows, sampleOf } = split;
  const whole = sampleOf && { fingerprint: fingerprint(schema, sampleOf), rows: sampleOf.rows };
  const ref = { fingerprint: fingerprint(schema, split), rows, columns: schema, ...(whole && { sample_of: whole }) };
  if (split.path !== null) await store.putParquet(ref.fingerprint, ref, split.path);
  return ref;
}

/** Why a sample was taken. */
function reasonOf({ model, mostRows = Number.POSITIVE_INFINITY }: FeatureJob): string {
  const { resources, type } = model.config;
  if ((resources.max_rows ?? Number.POSITIVE_INFINITY) <= mostRows) return "resources.max_rows";
  return `${type} trains on at most ${formatCount(mostRows)}`;
}

function sampleNotes({ rows, sampleOf }: WrittenSplit, key: readonly string[], reason: string): string[] {
  if (!sampleOf) return [];
  const hash = key.length > 0 ? `a hash of ${key.join(", ")}` : "a hash of the whole row";
  return [
    `trained on a sample of ${formatCount(rows)} of ${formatCount(sampleOf.rows)} rows, by ${hash} (${reason}); the test split is whole`,
  ];
}

function windowNotes({ parameters }: QueryResult, window: unknown): string[] {
  if (!window || parameters.length !== 1) return [];
  const [unused, rows] = parameters.includes("start") ? ["$end", "later than"] : ["$start", "earlier than"];
  return [`the query does not use ${unused}, so rows ${rows} features.window are in the dataset too`];
}
