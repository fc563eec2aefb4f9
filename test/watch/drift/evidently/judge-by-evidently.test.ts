import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DatasetRef, openDatasetStore } from "../../../../pipelines/data/dataset-store.ts";
import { compareWithProfile } from "../../../../pipelines/watch/check-drift-window.ts";
import type { DriftResult } from "../../../../pipelines/watch/drift/drift-result.ts";
import { type EvidentlyJob, judgeByEvidently } from "../../../../pipelines/watch/drift/evidently/judge-by-evidently.ts";
import { profileOf } from "../builders.ts";

const folder = mkdtempSync(join(tmpdir(), "mergeml-test-"));
const store = openDatasetStore(join(folder, "store"));
const windowFile = join(folder, "window.parquet");

const train: DatasetRef = { fingerprint: `fp:${"a".repeat(32)}`, rows: 400, columns: [] };
const predictions: DatasetRef = {
  fingerprint: `fp:${"b".repeat(32)}`,
  rows: 100,
  columns: ["id", "kind", "label", "probability_no", "probability_yes_"].map((name) => ({ name, type: "text" })),
};

const trainRows = `SELECT (i * 37) % 101 AS "some number", i % 4 AS few, (i % 2 = 0) AS flag, CASE WHEN i % 10 > 0 THEN 'c' || (i % 3) END AS category,
  CAST(NULL AS DOUBLE) AS nothing, i AS gone, CASE WHEN i % 50 = 0 THEN 'inf'::DOUBLE WHEN i % 51 = 0 THEN 'nan'::DOUBLE ELSE i END AS odd FROM range(400) t(i)`;
const windowRows = `SELECT (i * 37) % 101 + 60 AS "some number", i % 4 AS few, (i % 2 = 0) AS flag, 'c' || (i % 3 + 1) AS category,
  CAST(NULL AS INTEGER) AS nothing, CAST(NULL AS BIGINT) AS lost, '-inf'::DOUBLE AS odd, 'yes' AS label, i / 300.0 AS probability_yes FROM range(300) t(i)`;
const predictionRows = `SELECT i AS id, 'yes' AS kind, CASE WHEN i % 2 = 0 THEN 'no' ELSE 'yes' END AS label, 0.5 AS probability_no, i / 100.0 AS probability_yes_ FROM range(100) t(i)`;

beforeAll(async () => {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const write = (sql: string, file: string) => connection.run(`COPY (${sql}) TO '${file}' (FORMAT parquet)`);
  for (const [sql, ref, name] of [
    [trainRows, train, "train"],
    [predictionRows, predictions, "predictions"],
  ] as const) {
    const file = join(folder, `${name}.parquet`);
    await write(sql, file);
    await store.putParquet(ref.fingerprint, ref, file);
  }
  await write(windowRows, windowFile);
  connection.closeSync();
  instance.closeSync();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Column = DriftResult["features"][number];

function column(
  name: string,
  kind: Column["kind"],
  state: Column["state"] = "compared",
  change: Partial<Column> = {},
): Column {
  const facts = { rows: 300, missing: 0, infinite: 0, mean: null, deviation: null, min: null, max: null, unseen: [] };
  const verdict = state === "vanished" || state === "type changed" ? "drift" : "stable";
  const judged = { weight: 0.2, state, verdict, effects: [], p: 0.2, adjusted: 0.3, significant: false } as const;
  return {
    name,
    kind,
    ...judged,
    statistics: { rankSum: { z: 1, p: 0.2 } },
    reference: facts,
    current: facts,
    shape: [],
    ...change,
  };
}

const missing: Column["effects"][number] = { name: "missing", value: 1, limit: 0.05, p: 0, exceeds: true };

function result(change: Partial<DriftResult> = {}): DriftResult {
  return {
    method: "calibrated",
    outcome: "clean",
    because: [],
    rows: { reference: 400, current: 300, least: 200 },
    alpha: 0.05,
    share: { drifting: 0, limit: 0.3 },
    features: [
      column("few", "numeric"),
      column("some number", "numeric"),
      column("flag", "category"),
      column("category", "category"),
    ],
    predictions: [column("label", "category"), column("probability_yes", "numeric")],
    performance: null,
    added: ["surprise"],
    unwatched: 0,
    ...change,
  };
}

const job: EvidentlyJob = {
  store,
  version: {
    config: { features: { target: "kind" } } as EvidentlyJob["version"]["config"],
    classes: ["no", "yes"],
    train,
    predictions,
  },
  files: [windowFile],
  threads: 1,
  memory_gb: 1,
};

test("each column by its test, on the rows themselves", async () => {
  const judged = await judgeByEvidently(result(), job);
  expect(judged).toMatchObject({ method: "evidently", outcome: "drift", because: ["features"], added: ["surprise"] });
  expect(judged.share).toEqual({ drifting: 3 / 6, limit: 0.5 });
  expect(judged.features.map(({ name, verdict }) => [name, verdict])).toEqual([
    ["some number", "drift"],
    ["category", "drift"],
    ["few", "stable"],
    ["flag", "stable"],
  ]);
  const [numbers, category, few, flag] = judged.features;
  expect(numbers!.effects).toEqual([{ name: "p-value", value: numbers!.p, limit: 0.05, p: numbers!.p, exceeds: true }]);
  expect(numbers!.statistics.ks).toEqual({ statistic: expect.closeTo(0.59, 1), p: numbers!.p });
  expect(numbers).toMatchObject({ weight: 1, adjusted: null, significant: true });
  expect(numbers!.statistics.rankSum).toBeUndefined();
  expect(category).toMatchObject({ p: 0, effects: [{ name: "p-value", value: 0 }] });
  expect(few!.statistics.chiSquare).toMatchObject({ degrees: 3, statistic: 0, p: 1 });
  expect(flag!.statistics.z).toBe(0);
  expect(judged.predictions.map(({ name, verdict }) => [name, verdict])).toEqual([
    ["label", "drift"],
    ["probability_yes", "stable"],
  ]);
  expect(JSON.parse(JSON.stringify(judged))).toEqual(judged);
});

test("a window is checked by this method in the same call", async () => {
  const features = {
    "some number": "number",
    few: "number",
    category: "category",
    odd: "number",
    gone: "number",
  } as const;
  const profile = await profileOf({ file: await store.path(train.fingerprint), features });
  const options = {
    files: [windowFile],
    threads: 1,
    memory_gb: 1,
    expected: [],
    seed: 7,
    drift: { min_rows: 200, share: 0.9 },
  };
  const checked = await compareWithProfile(profile, { ...options, evidently: { store, version: job.version } });
  expect(checked).toMatchObject({ method: "evidently", outcome: "drift", share: { drifting: 4 / 5, limit: 0.5 } });
  expect(checked.features.filter(({ verdict }) => verdict === "stable").map(({ name }) => name)).toEqual(["few"]);
  expect((await compareWithProfile(profile, options)).method).toBe("calibrated");
});

test("less than half of the columns is clean", async () => {
  const judged = await judgeByEvidently(result({ predictions: [column("probability_yes", "numeric")] }), job);
  expect(judged).toMatchObject({ outcome: "clean", because: [], share: { drifting: 2 / 5 } });
});

test("labelled performance drifts for itself", async () => {
  const performance = { verdict: "drift" } as DriftResult["performance"];
  const judged = await judgeByEvidently(
    result({ features: [column("few", "numeric")], predictions: [], performance }),
    job,
  );
  expect(judged).toMatchObject({ outcome: "drift", because: ["performance"], share: { drifting: 0 } });
});

test("columns that cannot be compared", async () => {
  const features = [
    column("gone", "numeric", "vanished", { current: null }),
    column("few", "category", "type changed", { current: null }),
    column("nothing", "numeric", "not compared"),
    column("odd", "numeric", "compared", { effects: [{ ...missing, exceeds: false }] }),
    column("nothing", "numeric", "compared", { effects: [missing] }),
  ];
  const judged = await judgeByEvidently(
    result({ features, predictions: [column("label", "category", "vanished")] }),
    job,
  );
  expect(judged.features.map(({ name, state, verdict }) => [name, state, verdict])).toEqual([
    ["gone", "vanished", "drift"],
    ["few", "type changed", "drift"],
    ["nothing", "compared", "drift"],
    ["nothing", "not compared", "stable"],
    ["odd", "compared", "stable"],
  ]);
  expect(judged.share.drifting).toBe(3 / 4);
});

test("too few rows stay too few", async () => {
  const judged = await judgeByEvidently(result({ outcome: "too few rows" }), job);
  expect(judged).toMatchObject({ outcome: "too few rows", because: [], share: { drifting: 0.5 } });
});

test("an empty window", async () => {
  const none = { ...column("few", "numeric").reference, rows: 0 };
  const features = [column("few", "numeric", "compared", { effects: [missing], current: none })];
  const judged = await judgeByEvidently(result({ features, predictions: [], outcome: "too few rows" }), {
    ...job,
    files: [],
  });
  expect(judged).toMatchObject({ outcome: "too few rows", because: [], share: { drifting: 0 } });
  expect(judged.features[0]!.verdict).toBe("stable");
});

test("a reference whose rows are gone", async () => {
  const gone = { ...train, fingerprint: `fp:${"c".repeat(32)}` };
  await expect(judgeByEvidently(result(), { ...job, version: { ...job.version, train: gone } })).rejects.toThrow(
    /is not in the dataset store/,
  );
});

test("a window file that is not Parquet", async () => {
  const files = [join(folder, "store", "datasets", `${"a".repeat(32)}.json`)];
  await expect(judgeByEvidently(result(), { ...job, files })).rejects.toThrow(
    expect.objectContaining({
      name: "EnvironmentError",
      message: expect.stringMatching(/^No magic bytes found at end of file/),
    }),
  );
});
