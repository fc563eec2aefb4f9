import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { checkModelDrift } from "../../../pipelines/check-drift.ts";
import { deployModel } from "../../../pipelines/deploy.ts";
import { openWorkspace } from "../../../pipelines/open-workspace.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import type { ModelDrift } from "../../../pipelines/watch/drift/model-drift.ts";
import { readModel, type Workspace } from "../../../pipelines/workspace/workspace.ts";
import { query } from "../../predictions/parquet.ts";
import { madeScratch, makeScratch, type Scratch } from "../../scratch.ts";

/** What is predicted: the wear, or whether it is worn. */
const tasks = {
  wear: { task: "regression", metric: "rmse" },
  state: { task: "classification", metric: "log_loss" },
} as const;

const modelText = (rollback: string, target: keyof typeof tasks) => `
name: pump
description: Wear of a pump
owner: "@octo"
task: ${tasks[target].task}
type: linear
seed: 1
features:
  query: features.sql
  window: { start: 2001-01-01, end: 2001-04-01 }
  key: id
  time: seen_at
  target: ${target}
  split: { by: key, test: 0.25, seed: 1 }
thresholds:
  primary: ${tasks[target].metric}
  first_deploy: { ${tasks[target].metric}: { max: 100 } }
  min_test_rows: 1
drift: { window: 7d, min_rows: 50, on_drift: pull-request, persist: 1 of 1 }
rollback: ${rollback}
`;

const sql = (columns: string) =>
  `SELECT id, seen_at, ${columns} FROM 'pumps.parquet' WHERE seen_at >= $start AND seen_at < $end\n`;

/**
 * An observation an hour of 2001 up to July. Wear follows from load; the sensor shows it nearly exactly, until it breaks on
 * the 10th of April. `load` is what it always was.
 */
const pumps = `SELECT i AS id, seen_at, load, wear, CASE WHEN wear > 20 THEN 'worn' ELSE 'fine' END AS state,
    CASE WHEN seen_at < '2001-04-10' THEN wear + (hash(i * 3) % 100) / 100.0 ELSE 0 END AS sensor
  FROM (SELECT i, TIMESTAMP '2001-01-01' + to_hours(i) AS seen_at, load, 3.0 * load + (hash(i) % 9) AS wear
    FROM (SELECT i, CAST(1 + hash(i * 7) % 10 AS INTEGER) AS load FROM range(24 * 181) t(i)))`;

/** When v1, of the load alone, and v2, of the sensor too, came into production. */
const promoted = { v1: "2001-04-02T08:00:00Z", v2: "2001-04-09T12:00:00Z" } as const;

export const off = "{}";

/** A repository whose model `pump` is in production as v2, and was as v1; its last commit sets `rollback`. */
export async function deployedPumps(rollback: string, target: keyof typeof tasks = "wear"): Promise<Scratch> {
  const empty = () => makeScratch({ model: false });
  const scratch = await madeScratch(`pumps-${target}`, empty, (made) => deployPumps(made, target));
  if (rollback === off) return scratch;
  setRollback(scratch, rollback, target);
  commitModels(scratch, "Set rollback");
  return scratch;
}

async function deployPumps(scratch: Scratch, target: keyof typeof tasks): Promise<void> {
  mkdirSync(join(scratch.root, "data"));
  await query(`COPY (${pumps}) TO '${join(scratch.root, "data/pumps.parquet")}'`);
  setRollback(scratch, off, target);
  await scratch.facts(["init"]);
  await deployAt(scratch, promoted.v1, "load", target);
  await deployAt(scratch, promoted.v2, "load, sensor", target);
}

function commitModels(scratch: Scratch, message: string): void {
  scratch.git("add", "models");
  scratch.git("commit", "-qm", message);
  scratch.git("push", "-q");
}

/** Deploys what the feature query with these columns gives, as a merge at that time. */
export async function deployAt(
  scratch: Scratch,
  time: string,
  columns: string,
  target: keyof typeof tasks = "wear",
): Promise<void> {
  scratch.write("models/pump/features.sql", sql(`${columns}, ${target}`));
  commitModels(scratch, `Use ${columns}`);
  const workspace = await openAt(scratch, time);
  const deployed = await deployModel(workspace, await readModel(workspace, "pump"));
  if (deployed.state !== "deployed") throw new Error(`it was not deployed, but ${deployed.state}`);
}

/** The repository as a run at that time sees it. */
export async function openAt(scratch: Scratch, time: string): Promise<Workspace> {
  const clock = { now: () => new Date(time) };
  return openWorkspace({ directory: scratch.root, env: scratch.env, clock, log: silentLog, useCache: true });
}

/** Sets `rollback` anew; nothing else of the config changes. */
export function setRollback(scratch: Scratch, rollback: string, target: keyof typeof tasks = "wear"): void {
  scratch.write("models/pump/model.yaml", modelText(rollback, target));
}

/** What a check at that time says. */
export async function checkedAt(scratch: Scratch, time: string): Promise<ModelDrift> {
  const workspace = await openAt(scratch, time);
  const snapshot = await workspace.registry.snapshot();
  return checkModelDrift(workspace, snapshot, "pump", { now: new Date(time) });
}

/** Adds a file to the prediction log: the hours of April 10 and after, as v2 answered them. */
export async function logged(
  scratch: Scratch,
  {
    file = "2001-04-10/server-0.parquet",
    hours = 72,
    version = 2,
    more = "",
    prediction = "wear",
    key = "CAST(id AS VARCHAR)",
    columns = "load, sensor",
  } = {},
): Promise<void> {
  const path = join(scratch.root, "predictions/pump", file);
  mkdirSync(join(path, ".."), { recursive: true });
  await query(`COPY (SELECT timezone('UTC', seen_at) AS time, 'pump' AS model, ${version} AS version, 'production' AS arm,
      ${key} AS key, ${columns}, CAST(${prediction} AS DOUBLE) AS prediction, 0.5 AS latency_ms${more}
    FROM '${join(scratch.root, "data/pumps.parquet")}' WHERE seen_at >= '2001-04-10' LIMIT ${hours}) TO '${path}' (FORMAT parquet)`);
}
