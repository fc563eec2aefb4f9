import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { openRegistrySource } from "../../pipelines/open-registry-source.ts";
import { openServingLog } from "../../pipelines/open-serving-log.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import { driftReport } from "../../pipelines/report/drift/drift-report.ts";
import { type ServeOptions, type Serving, startServing } from "../../pipelines/serve.ts";
import type { ChallengerComparison } from "../../pipelines/serving/comparison/trial-notes.ts";
import type { ModelDrift } from "../../pipelines/watch/drift/model-drift.ts";
import { decideNotice, driftState, noticeText } from "../../pipelines/watch/notice/decide-notice.ts";
import { query } from "../predictions/parquet.ts";
import { rideYaml } from "../ride-model.ts";
import { makeScratch, type Scratch } from "../scratch.ts";

const modelText = (end: string) =>
  rideYaml({
    window: { end },
    more: 'owner: "@rides/team"\ndrift: { window: 7d, persist: 1 of 1 }\nserving: { log: { redact: [driver] } }\n',
  });

/** A ride every half hour of 2001 until July. From May on they are longer, and a kilometre takes longer. */
const ridesQuery = `SELECT i AS id, started_at, km + CASE WHEN late THEN 6 ELSE 0 END AS km, weather, driver,
    CASE WHEN late THEN 5 ELSE 3 END * km + CAST(hash(i * 11) % 5 AS INTEGER) AS minutes
  FROM (SELECT i, TIMESTAMP '2001-01-01' + to_minutes(30 * i) AS started_at, CAST(1 + hash(i) % 10 AS INTEGER) AS km,
    ['rain', 'sun'][CAST(1 + hash(i * 7) % 2 AS INTEGER)] AS weather, 'driver ' || (hash(i * 13) % 7) AS driver,
    i >= 48 * 120 AS late FROM range(48 * 181) t(i))`;

let scratch: Scratch | undefined;
let serving: Serving | undefined;
afterEach(async () => {
  await serving?.drain(5);
  scratch?.[Symbol.dispose]();
});

/** The server of a repository, in a year of ours. */
async function serve({ root, env }: Scratch, clock: { now(): Date }, check?: ServeOptions["check"]): Promise<Serving> {
  const open = () => openWorkspace({ directory: root, env, clock, log: silentLog, useCache: true });
  const workspace = await open();
  const place = {
    address: undefined,
    branch: "registry",
    environment: "production",
    cache: join(root, "../cache"),
    directory: root,
  };
  const common = { env, clock, log: silentLog };
  const source = await openRegistrySource({ ...place, ...common, workspace: async () => workspace });
  const owner = { host: "here", pid: process.pid, writer: `serve-${clock.now().getTime()}` };
  const limits = { age: 200 };
  const predictionLog = await openServingLog({ given: undefined, ...place, ...common, workspace, owner, limits });
  const listening = { host: "127.0.0.1", port: 0, poll: 100, token: null, webhookSecret: null, tool: "test" };
  return startServing({ source, models: null, ...listening, ...common, predictionLog, check, random: Math.random });
}

interface Answer {
  version: number;
  predictions: { prediction: number }[];
}

async function ask(rows: readonly object[]): Promise<Answer> {
  const response = await fetch(`${serving!.url}/models/ride/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(rows),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  return JSON.parse(text) as Answer;
}

it("goes the whole circle: serve, log, drift, issue, retrain, promote, and the server answers with the new version", {
  timeout: 240_000,
}, async () => {
  scratch = makeScratch({ model: false });
  const { root, git } = scratch;
  const rides = join(root, "data/rides.parquet");
  mkdirSync(join(root, "data"));
  await query(`COPY (${ridesQuery}) TO '${rides}'`);
  scratch.write("models/ride/model.yaml", modelText("2001-04-01"));
  scratch.write(
    "models/ride/features.sql",
    "SELECT id, started_at, km, weather, driver, minutes FROM 'rides.parquet' WHERE started_at >= $start AND started_at < $end\n",
  );
  git("add", "models");
  git("commit", "-qm", "Add a model");
  git("push", "-q");
  await scratch.facts(["init"]);
  await scratch.facts(["run", "ride"]);

  // Serve a week in which the world has changed, hour by hour.
  let now = new Date("2001-06-01T00:00:00Z");
  const clock = { now: () => now };
  serving = await serve(scratch, clock);
  const asked = await query(
    `SELECT id, km, weather, driver, epoch_ms(started_at) AS time FROM '${rides}' WHERE started_at >= '2001-06-01' AND started_at < '2001-06-08' ORDER BY id`,
  );
  expect(asked).toHaveLength(336);
  for (let from = 0; from < asked.length; from += 8) {
    now = new Date(Number(asked[from]!.time));
    const rows = asked.slice(from, from + 8).map(({ time: _, ...row }) => row);
    expect((await ask(rows)).version).toBe(1);
  }
  await serving.drain(5);

  // What was logged is what was answered: the metric of the log is the offline metric of the same rows.
  const log = `read_parquet('${root}/predictions/ride/*/*.parquet', hive_partitioning = false)`;
  const [online] = await query(
    `SELECT count(*) AS rows, sqrt(avg((prediction - minutes) ** 2)) AS rmse, count(l.driver) AS drivers
     FROM ${log} l JOIN '${rides}' r ON l.key = CAST(r.id AS VARCHAR) WHERE l.version = 1 AND l.arm = 'production'`,
  );
  scratch.write(
    "week.sql",
    "SELECT id, km, weather, driver FROM 'rides.parquet' WHERE started_at >= $start AND started_at < $end",
  );
  const week = ["--from", "2001-06-01", "--to", "2001-06-08", "--output", "offline.parquet"];
  await scratch.facts(["predict", "ride@1", "--input", "week.sql", ...week]);
  const [offline] = await query(
    `SELECT sqrt(avg((prediction - minutes) ** 2)) AS rmse FROM '${root}/offline.parquet' p JOIN '${rides}' r USING (id)`,
  );
  expect(online).toMatchObject({ rows: 336, drivers: 0 });
  expect(Number(online?.rmse)).toBeCloseTo(Number(offline?.rmse), 6);

  // Drift reads the log as it is; the redacted driver is no alarm.
  const { models } = await scratch.facts<{ models: [ModelDrift] }>(["drift", "ride", "--now", "2001-06-08"], 1);
  const [drift] = models;
  expect(drift).toMatchObject({ source: "log", outcome: "drift", persistent: "drift", log: { redacted: ["driver"] } });
  expect(drift.result.rows.current).toBe(336);
  expect(drift.result.performance?.current?.value).toBeCloseTo(Number(online?.rmse), 4);
  const column = (name: string) => drift.result.features.find((each) => each.name === name);
  expect([column("km")?.verdict, column("driver")?.verdict]).toEqual(["drift", "stable"]);

  // The issue that it would open.
  const state = driftState(drift);
  const decision = decideNotice(state, []);
  expect(decision.action).toBe("create");
  const report = driftReport(drift, { issue: true });
  const issue = noticeText(decision, state, { report, owner: drift.owner });
  expect(issue.title).toMatch(/^ride is drifting: /);
  expect(issue.body).toContain("Not compared, since the prediction log has them redacted: driver.");
  expect(issue.body).toContain("@rides/team");

  // The retrain that it advises, reviewed and merged.
  expect(drift.retrain).toMatchObject({ kind: "move", window: { start: "2001-01-01", end: "2001-06-08" } });
  now = new Date("2001-06-08T00:00:00Z");
  serving = await serve(scratch, clock, { every: 300, rest: 0 });
  const seen = () => serving!.facts().models[0]?.live;
  await expect.poll(seen, { timeout: 60_000 }).toMatchObject({
    looked: "2001-06-08T00:00:00.000Z",
    window: { from: "2001-06-01T00:00:00.000Z" },
    rows: 336,
    drift: { outcome: "drift", columns: expect.arrayContaining(["km"]) },
    trial: null,
  });
  expect(seen()?.drift?.columns).not.toContain("driver");
  const page = await (await fetch(serving.url)).text();
  expect(page).toMatch(/drifting.* in .*km.*336 rows since .*; looked at /s);
  const metrics = await (await fetch(`${serving.url}/metrics`)).text();
  expect(metrics).toContain('mergeml_log_drifting{model="ride",version="1"} 1');
  scratch.write("models/ride/model.yaml", modelText("2001-06-08"));
  git("commit", "-qam", "Retrain ride");
  git("push", "-q");
  const first = { id: 1, km: 12, weather: "sun", driver: "driver 1" };
  expect((await ask([first])).version).toBe(1);
  await scratch.facts(["run", "ride"]);
  await expect.poll(async () => (await ask([first])).version, { timeout: 20_000 }).toBe(2);

  // And the version before can be tried as a shadow of the new one.
  await scratch.facts(["challenge", "ride@1", "--shadow"]);
  await expect
    .poll(() => serving!.facts().models[0]?.versions.map(({ arm }) => arm), { timeout: 20_000 })
    .toEqual(["production", "shadow"]);
  now = new Date();
  for (let from = 0; from < 96; from += 8) await ask(asked.slice(from, from + 8).map(({ time: _, ...row }) => row));
  now = new Date(now.getTime() + 1000);
  await expect
    .poll(() => serving!.facts().models[0]?.versions.map(({ rows }) => rows >= 96), { timeout: 20_000 })
    .toEqual([true, true]);
  await expect
    .poll(() => seen()?.trial, { timeout: 60_000 })
    .toMatchObject({
      production: { version: 2, rows: 96 },
      challenger: { version: 1, rows: 96 },
      agreement: { rows: 96 },
    });
  await serving.drain(5);
  const later = new Date(now.getTime() + 1000).toISOString();
  const compared = await scratch.facts<ChallengerComparison>(["compare", "ride", "--now", later]);
  expect(compared).toMatchObject({
    paired: true,
    production: { version: 2, failed: 0 },
    challenger: { version: 1, rows: 96 },
  });
  expect(compared.agreement).toMatchObject({ rows: 96 });
});
