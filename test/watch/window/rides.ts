import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ModelConfig } from "../../../pipelines/config/model-config.ts";
import { openWorkspace } from "../../../pipelines/open-workspace.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import type { DriftWindow } from "../../../pipelines/watch/window/drift-window.ts";
import { type Interval, intervalBefore } from "../../../pipelines/watch/window/interval.ts";
import { readWindow } from "../../../pipelines/watch/window/read-window.ts";
import { query } from "../../predictions/parquet.ts";
import { rideYaml } from "../../ride-model.ts";
import { madeScratch, makeScratch, type Scratch } from "../../scratch.ts";

const modelText = (window: boolean) => rideYaml({ window: window ? { end: "2001-04-01" } : null });

/** One ride an hour of 2001, on the hour; `id` counts from the new year. */
const ridesQuery = `SELECT i AS id, TIMESTAMP '2001-01-01' + to_hours(i) AS started_at, 1 + (i * 7) % 10 AS km,
  ['rain', 'sun'][1 + i % 2] AS weather, 3 * (1 + (i * 7) % 10) + (i % 2) * 5 + (i % 3) AS minutes FROM range(8760) t(i)`;

/** A repository whose model `ride` is in production, trained on the first quarter of 2001. */
export function deployedRides({ window = true } = {}): Promise<Scratch> {
  const empty = () => makeScratch({ model: false });
  return madeScratch(`rides${window ? "-window" : ""}`, empty, (scratch) => deployRides(scratch, window));
}

async function deployRides(scratch: Scratch, window: boolean): Promise<void> {
  mkdirSync(join(scratch.root, "data"));
  await query(`COPY (${ridesQuery}) TO '${join(scratch.root, "data/rides.parquet")}'`);
  scratch.write("models/ride/model.yaml", modelText(window));
  const where = window ? " WHERE started_at >= $start AND started_at < $end" : "";
  scratch.write(
    "models/ride/features.sql",
    `SELECT id, started_at, km, weather, minutes FROM 'rides.parquet'${where}\n`,
  );
  scratch.git("add", "models");
  scratch.git("commit", "-qm", "Add a model");
  await scratch.facts(["init"]);
  await scratch.facts(["run", "ride"]);
}

interface Choice {
  /** Midnight, where a test does not need more. */
  now: string;
  window?: string;
  drift?: Partial<ModelConfig["drift"]>;
  interval?: Interval;
  model?: string;
}

/** The window of the model in production, and its rows. */
export async function windowOf(
  scratch: Scratch,
  { now, window = "1d", drift = {}, interval, model = "ride" }: Choice,
): Promise<DriftWindow & { content: Record<string, unknown>[] }> {
  const clock = { now: () => new Date(now) };
  const workspace = await openWorkspace({
    directory: scratch.root,
    env: scratch.env,
    clock,
    log: silentLog,
    useCache: true,
  });
  const snapshot = await workspace.registry.snapshot();
  const version = (await snapshot.production(model))?.version ?? 0;
  await using staging = await workspace.store.staging();
  const found = await readWindow({
    ...workspace,
    record: await snapshot.record(model, version),
    bytes: () => snapshot.modelBytes(model, version),
    drift: { query: null, label_delay: "0d", ...drift },
    interval: interval ?? intervalBefore(clock.now(), window),
    now: clock.now(),
    staging: staging.path,
  });
  return { ...found, content: await query(`FROM '${found.file}'`) };
}

/** Adds a file to the prediction log: rows as the given SELECT, beside what every row has. */
export async function log(
  scratch: Scratch,
  file: string,
  select: string,
  { metadata = "" }: { metadata?: string } = {},
): Promise<void> {
  const path = join(scratch.root, "predictions/ride", file);
  mkdirSync(join(path, ".."), { recursive: true });
  await query(`COPY (${select}) TO '${path}' (FORMAT parquet${metadata && `, KV_METADATA ${metadata}`})`);
}
