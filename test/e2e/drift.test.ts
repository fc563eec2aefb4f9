import { mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkModelDrift } from "../../pipelines/check-drift.ts";
import { openWorkspace } from "../../pipelines/open-workspace.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import type { DriftEntry, ModelDrift } from "../../pipelines/watch/drift/model-drift.ts";
import { query } from "../predictions/parquet.ts";
import { rideYaml } from "../ride-model.ts";
import { makeScratch, type Scratch } from "../scratch.ts";

const modelText = (name: string, drift: string, window = true) =>
  rideYaml({
    name,
    window: window ? { end: "2001-04-01" } : null,
    more: `owner: "@rides/team"\ndrift: ${drift}\n`,
  });

/** Six rides an hour of 2001 up to August. From June on they are longer, and it snows in July. */
const ridesQuery = `SELECT i AS id, started_at, km + CASE WHEN month(started_at) >= 6 THEN 4 ELSE 0 END AS km,
    CASE WHEN month(started_at) = 7 THEN 'snow' ELSE weather END AS weather,
    3 * km + CAST(hash(i * 11) % 5 AS INTEGER) + CASE WHEN month(started_at) >= 6 THEN 9 ELSE 0 END AS minutes
  FROM (SELECT i, TIMESTAMP '2001-01-01' + to_minutes(10 * i) AS started_at, CAST(1 + hash(i) % 10 AS INTEGER) AS km,
    ['rain', 'sun'][CAST(1 + hash(i * 7) % 2 AS INTEGER)] AS weather FROM range(6 * 24 * 212) t(i))`;

const featuresSql = (columns = "id, started_at, km, weather, minutes") =>
  `SELECT ${columns} FROM 'rides.parquet' WHERE started_at >= $start AND started_at < $end\n`;

let scratch: Scratch;

beforeAll(async () => {
  scratch = makeScratch({ model: false });
  mkdirSync(join(scratch.root, "data"));
  await query(`COPY (${ridesQuery}) TO '${join(scratch.root, "data/rides.parquet")}'`);
  addModel("ride", "{ window: 7d }", featuresSql());
  addModel("bike", "{ window: 7d }", "SELECT id, started_at, km, weather, minutes FROM 'rides.parquet'\n", false);
  scratch.write("models/idea/model.yaml", modelText("idea", "{}"));
  scratch.write("models/idea/features.sql", featuresSql());
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Add models");
  await scratch.facts(["init"]);
  await scratch.facts(["run", "ride"]);
  await scratch.facts(["run", "bike"]);
});

afterAll(() => scratch[Symbol.dispose]());

function addModel(name: string, drift: string, sql: string, window = true): void {
  scratch.write(`models/${name}/model.yaml`, modelText(name, drift, window));
  scratch.write(`models/${name}/features.sql`, sql);
}

async function entries(args: readonly string[], code: number): Promise<DriftEntry[]> {
  return (await scratch.facts<{ models: DriftEntry[] }>(["drift", ...args], code)).models;
}

async function only(args: readonly string[], code: number): Promise<ModelDrift> {
  const [entry] = await entries(args, code);
  if (entry?.outcome === "error" || !entry) throw new Error(JSON.stringify(entry));
  return entry;
}

describe("mergeml drift", () => {
  it("is clean while nothing moves, and knows the last windows after the training data", async () => {
    const drift = await only(["ride", "--now", "2001-05-15T13:00:00Z"], 0);
    expect(drift).toMatchObject({
      model: "ride",
      version: 1,
      owner: "@rides/team",
      outcome: "clean",
      persistent: "clean",
      window: { from: "2001-05-08T00:00:00.000Z", to: "2001-05-15T00:00:00.000Z" },
      source: "features",
      since: null,
      labels: { known: 1008 },
      retrain: null,
      reference: {
        window: { start: "2001-01-01", end: "2001-04-01" },
        rows: 10368,
        times: { first: "2001-01-01T00:00:00.000Z", last: "2001-03-13T23:50:00.000Z" },
        tested: 2592,
        known: { from: "2001-01-01T00:00:00.000Z", to: "2001-04-01T00:00:00.000Z" },
        metric: { metric: "rmse", rows: 2592 },
      },
    });
    expect(drift.history.map(({ from }) => from.slice(0, 10))).toEqual([
      "2001-05-08",
      "2001-05-01",
      "2001-04-24",
      "2001-04-17",
      "2001-04-10",
      "2001-04-03",
    ]);
    expect(drift.history[0]).toMatchObject({ rows: 1008, outcome: "clean", prediction: { column: "prediction" } });
  });

  it("drifts, says since when, and exits with 1", async () => {
    const drift = await only(["ride", "--now", "2001-06-22"], 1);
    expect(drift).toMatchObject({
      outcome: "drift",
      persistent: "drift",
      since: "2001-06-01T00:00:00.000Z",
      result: { because: expect.arrayContaining(["features", "prediction"]) },
    });
    expect(drift.history.map(({ outcome }) => outcome)).toEqual([
      ...["drift", "drift", "drift"],
      ...["clean", "clean", "clean", "clean", "clean"],
    ]);
    const told = await scratch.mergeml("drift", "ride", "--now", "2001-06-22");
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/^ride is drifting: predictions, 1 of 2 features and rmse, third week in a row\.$/m);
    expect(told.stdout).toMatch(/^! {2}km .* yes .* mean 5\.\d+ → 9\.\d+$/m);
    expect(told.stdout).toContain(
      "1,008 rows of the feature query, scored by v1, against the 10,368 rows that trained v1 (2001-01-01 … 2001-03-13), its predictions against those on its 2,592 test rows.",
    );
    expect(told.stdout).toContain("write window: { start: 2001-01-01, end: 2001-06-22 } into models/ride/model.yaml");
  });

  it("leaves what it found for mergeml status", async () => {
    await only(["ride", "--now", "2001-06-22"], 1);
    expect((await scratch.mergeml("status")).stdout).toMatch(/^ride .* drift \(2001-06-21\) /m);
    const { models } = await scratch.facts<{ models: object[] }>(["status"]);
    expect(models).toContainEqual(
      expect.objectContaining({ model: "ride", drift: expect.objectContaining({ persistent: "drift" }) }),
    );
    expect(models).toContainEqual(expect.objectContaining({ model: "bike", drift: null }));
  });

  it.each([
    ["the window of model.yaml reaches that far", "2001-06-22", "its window reaches to 2001-06-22 already; "],
    ["it would move by less than a window", "2001-06-16", "its window reaches to 2001-06-16 already; "],
  ])("says that a retrain moves nothing when %s", async (_title, end, why) => {
    const written = modelText("ride", "{ window: 7d }");
    scratch.write("models/ride/model.yaml", written.replace("end: 2001-04-01", `end: ${end}`));
    try {
      const drift = await only(["ride", "--now", "2001-06-22"], 1);
      expect(drift.retrain).toEqual({ kind: "stay", why: why.slice(0, -2) });
      const { stdout } = await scratch.mergeml("drift", "ride", "--now", "2001-06-22");
      expect(stdout).toContain(`A retrain would not move the data window: ${why}mergeml train ride shows how`);
      expect(stdout).not.toContain("write window:");
    } finally {
      scratch.write("models/ride/model.yaml", written);
    }
  });

  it("writes the report as Markdown", async () => {
    await only(["ride", "--now", "2001-06-22", "--report", "reports/drift.md"], 1);
    const report = readFileSync(join(scratch.root, "reports/drift.md"), "utf8");
    expect(report).toMatch(/^## ride is drifting: predictions, 1 of 2 features and rmse, third week in a row\n/);
    expect(report).toContain('title "Distance of prediction by window"');
  });

  it("waits for a second window before drift is said to last", async () => {
    expect(await only(["ride", "--now", "2001-06-08"], 1)).toMatchObject({ outcome: "drift", persistent: "undecided" });
  });

  it("takes windows of another length", async () => {
    const drift = await only(["ride", "--now", "2001-06-22", "--window", "2w"], 1);
    expect(drift).toMatchObject({ every: "2w", window: { from: "2001-06-08T00:00:00.000Z" } });
  });

  it("has too few rows in an empty window and in the future, and exits with 4", async () => {
    const drift = await only(["ride", "--now", "2030-01-01"], 4);
    expect(drift).toMatchObject({ outcome: "too few rows", persistent: "undecided", history: [], since: null });
    const told = await scratch.mergeml("drift", "ride", "--now", "2030-01-01");
    expect(told.code).toBe(4);
    expect(told.stdout).toContain("ride cannot be checked for drift: the window has no rows.");
    expect(told.stdout).toContain("the data of v1 ends at 2001-04-01");
  });

  it.each([
    ["within", "2001-02-08"],
    ["at the end of", "2001-04-05"],
  ])("does not alarm about a window %s the data that the version has", async (_title, now) => {
    const drift = await only(["ride", "--now", now], 4);
    expect(drift).toMatchObject({
      outcome: "too few rows",
      retrain: null,
      history: [],
      result: { rows: { current: 0 } },
    });
    const { stdout } = await scratch.mergeml("drift", "ride", "--now", now);
    expect(stdout).toContain("ride is not checked for drift: v1 was trained or tested on rows of the window.");
    expect(stdout).toMatch(
      /overlaps what v1 was trained and tested on, the rows of 2001-01-01 … 2001-03-31, and is not compared\./,
    );
    expect(stdout).toContain("new to v1 is 2001-04-01 … 2001-04-07: mergeml drift ride --now 2001-04-08");
    expect(stdout).not.toMatch(/retrain/i);
  });

  it("has too few rows below drift.min_rows", async () => {
    const drift = await only(["ride", "--now", "2001-05-15", "--window", "1d"], 4);
    expect(drift).toMatchObject({ outcome: "too few rows", result: { rows: { current: 144, least: 200 } } });
    const told = await scratch.mergeml("drift", "ride", "--now", "2001-05-15", "--window", "1d");
    expect(told.stdout).toContain("ride has too few rows to check for drift: 144 of at least 200.");
  });

  it("tells all models, also those that nobody can watch, which is an error only when asked for", async () => {
    const all = await entries(["--now", "2001-05-15"], 0);
    expect(all.map(({ model, outcome }) => [model, outcome])).toEqual([
      ["bike", "error"],
      ["ride", "clean"],
    ]);
    const told = await scratch.mergeml("drift", "--now", "2001-05-15");
    expect(told.stdout).toMatch(/^bike +not watched +–/m);
    expect(told.stdout).toMatch(/^ride@1 +clean +clean +– +2001-05-08 … 2001-05-14 +1,008 /m);
    const [bike] = await entries(["bike"], 2);
    expect(bike).toMatchObject({
      outcome: "error",
      error: { kind: "unwatched", message: expect.stringContaining("bike has no recent rows to compare") },
    });
  });

  it.each([
    ["ried", "there is no model ried", "did you mean ride?"],
    ["zzz", "there is no model zzz", "in production: bike, ride"],
    ["idea", "idea has nothing in production", "mergeml run idea"],
  ])("says what is wrong with %s", async (name, message, hint) => {
    const told = await scratch.mergeml("drift", name);
    expect(told.code).toBe(2);
    expect(told.stderr).toContain(message);
    expect(told.stderr).toContain(hint);
  });

  it.each([
    ["a folder", "data"],
    ["in a file", "data/rides.parquet/drift.md"],
  ])("says that --report cannot be written: %s", async (_title, path) => {
    const told = await scratch.mergeml("drift", "ride", "--now", "2001-05-15", "--report", path);
    expect(told.code).toBe(2);
    expect(told.stderr).toMatch(new RegExp(`--report ${path} cannot be written: E[A-Z]+`));
    expect(told.stderr).toContain("name a file in a folder that you may write to");
  });

  it.each([
    ["--now", "yesterday", "--now yesterday is not a date"],
    ["--window", "7", "--window 7 is not a length of time"],
  ])("refuses %s %s", async (option, value, message) => {
    const told = await scratch.mergeml("drift", option, value);
    expect(told.code).toBe(2);
    expect(told.stderr).toContain(message);
  });

  it("gives the same from its cache, and looks again when the data changes", async () => {
    const drift = async (useCache: boolean) => {
      const clock = { now: () => new Date("2001-05-08") };
      const { root: directory, env } = scratch;
      const workspace = await openWorkspace({ directory, env, clock, log: silentLog, useCache });
      return checkModelDrift(workspace, await workspace.registry.snapshot(), "ride", { now: clock.now() });
    };
    const first = await drift(false);
    expect(await drift(true)).toEqual(JSON.parse(JSON.stringify(first)));
    const file = join(scratch.root, "data/rides.parquet");
    await query(`COPY (FROM '${file}' WHERE started_at < TIMESTAMP '2001-05-03') TO '${file}.new' (FORMAT parquet)`);
    renameSync(`${file}.new`, file);
    expect((await drift(true)).history[0]).toMatchObject({ rows: 288 });
  });
});
