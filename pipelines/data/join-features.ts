import { dirname, join } from "node:path";
import type { ModelConfig } from "../config/model-config.ts";
import { UserError } from "../errors/expected-error.ts";
import { assignRoles, featureSpecs, withoutJoined } from "./assign-roles.ts";
import { storedOrder } from "./build-features.ts";
import { openDataFolders } from "./data-folders.ts";
import type { DatasetRef, DatasetStore } from "./dataset-store.ts";
import { type Engine, type QueryLimits, sqlText } from "./engines/engine.ts";
import type { Session } from "./engines/session.ts";
import { machineError, openSession, quoteName, quoteText } from "./engines/tables.ts";
import { type FeatureColumn, type FeatureSpec, loadColumns } from "./table.ts";

/** A query of another model version, whose features are wanted for the rows of a stored split. */
export interface JoinJob {
  root: string;
  data: readonly string[];
  extraData?: readonly string[] | undefined;
  engine: Engine;
  store: DatasetStore;
  limits: QueryLimits;
  /** The config that the query belongs to; its window is the one to run it on. */
  config: ModelConfig;
  query: { path: string; text: string };
  /** The features that are wanted of it. */
  wanted: readonly FeatureSpec[];
  /** The stored split, and its columns that identify a row, named alike in both. */
  split: DatasetRef;
  key: readonly string[];
}

/** Feature columns of those rows of a split whose key the query gave exactly once. */
export interface JoinedFeatures {
  /** Positions in the split, ascending. */
  rows: Int32Array;
  /** As many values as `rows`. */
  features: readonly FeatureColumn[];
}

/** Runs the query in the engine's sandbox and joins its rows to a stored split's by key. Throws UserError when it does not run or no longer gives a feature. */
export async function joinFeatures(job: JoinJob): Promise<JoinedFeatures> {
  const { root, data, extraData, store, limits, config, query } = job;
  const folders = await openDataFolders(root, data, extraData);
  const sql = sqlText(query.path, query.text);
  await using staging = await store.staging();
  const { features, task, seed } = config;
  const result = await job.engine.query({
    sql,
    window: features.window,
    folders,
    staging: staging.path,
    limits,
  });
  try {
    const columns = assignRoles(withoutJoined(result.columns, features), {
      task,
      features,
      slices: [],
      locate: () => undefined,
      sql,
    });
    requireWanted(featureSpecs(columns), job);
    const { train, test } = await result.write(storedOrder(columns), { ...features.split, seed, task });
    const files = [train.path, test.path].filter((path) => path !== null);
    if (files.length === 0) throw new UserError({ message: `${query.path} returns no rows` });
    // Closing takes the files away.
    return await readJoined(job, files, staging.path);
  } finally {
    await result.close();
  }
}

function requireWanted(specs: readonly FeatureSpec[], { wanted, query }: JoinJob): void {
  const lost = wanted.filter(({ name, kind }) => {
    const now = specs.find((spec) => spec.name === name);
    return !now || (now.kind === "category") !== (kind === "category");
  });
  if (lost.length === 0) return;
  const names = lost.map(({ name }) => name).join(", ");
  throw new UserError({ message: `${query.path} no longer gives ${names} as it did` });
}

async function readJoined(job: JoinJob, files: readonly string[], staging: string): Promise<JoinedFeatures> {
  const { store, split, limits, wanted } = job;
  const splitFile = await store.path(split.fingerprint);
  using session = await openSession({
    ...limits,
    readable: [staging, dirname(splitFile)],
    spill: join(staging, "join"),
  });
  try {
    const row = freeName(wanted);
    await session.run(`CREATE TEMP TABLE joined AS ${joinQuery(job, files, splitFile, row)}`);
    return await readColumns(session, job, row);
  } catch (error) {
    throw machineError(error, `to join the rows of ${job.query.path}`) ?? error;
  }
}

/** Keys are compared as texts, because the two queries may give them other types; a key that comes twice names no row. */
function joinQuery({ key, wanted }: JoinJob, files: readonly string[], splitFile: string, row: string): string {
  const text = (name: string) => `CAST(${quoteName(name)} AS VARCHAR)`;
  const keys = key.map((name, at) => `${text(name)} AS mergeml_key_${at}`).join(", ");
  const values = wanted.map(({ name }, at) => `${quoteName(name)} AS mergeml_value_${at}`);
  const own = `SELECT ${[keys, ...values].join(", ")}, count(*) OVER (PARTITION BY ${key.map(text).join(", ")}) AS mergeml_times
    FROM read_parquet([${files.map(quoteText).join(", ")}])`;
  const theirs = `SELECT ${keys}, file_row_number AS mergeml_row FROM read_parquet(${quoteText(splitFile)}, file_row_number = true)`;
  const named = wanted.map(({ name }, at) => `own.mergeml_value_${at} AS ${quoteName(name)}`);
  const equal = key.map((_, at) => `own.mergeml_key_${at} = split.mergeml_key_${at}`).join(" AND ");
  return `SELECT ${[`split.mergeml_row AS ${quoteName(row)}`, ...named].join(", ")}
    FROM (${theirs}) AS split JOIN (${own}) AS own ON ${equal} WHERE own.mergeml_times = 1 ORDER BY split.mergeml_row`;
}

/** A name for our own column that no feature has. */
function freeName(wanted: readonly FeatureSpec[]): string {
  const taken = wanted.map(({ name }) => name.toLowerCase());
  let name = "mergeml_row";
  while (taken.includes(name)) name += "_";
  return name;
}

async function readColumns(session: Session, { split, wanted }: JoinJob, row: string): Promise<JoinedFeatures> {
  const { count } = await session.row("SELECT count(*) AS count FROM joined");
  const rows = new Int32Array(Number(count));
  const position = { sql: `CAST(${quoteName(row)} AS INTEGER)`, values: rows };
  const features = await loadColumns(session, "joined", { ...split, rows: rows.length }, wanted, [position]);
  return { rows, features };
}
