import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { query } from "../../predictions/parquet.ts";
import { makeScratch, type Scratch } from "../../scratch.ts";
import { windowOf } from "./rides.ts";

let scratch: Scratch;

/** A classifier with a key of two columns, no time, and features named like columns of the log. */
const carYaml = `
name: car
description: Whether a car is fast
task: classification
type: linear
seed: 1
features:
  query: features.sql
  window: { start: 2001-01-01, end: 2001-02-01 }
  key: [plant, number]
  target: fast
  split: { by: key, test: 0.3, seed: 1 }
thresholds:
  primary: accuracy
  first_deploy: { accuracy: { min: 0.5 } }
`;

const cars = `SELECT ['A', 'B'][1 + i % 2] AS plant, i // 2 AS number, DATE '2001-01-01' + CAST(i // 20 AS INTEGER) AS built,
  ['T', 'S'][1 + (i // 3) % 2] AS model, i % 11 AS "version", (i % 11 > 5) = ((i // 3) % 2 = 0) AS fast FROM range(1200) t(i)`;

beforeAll(async () => {
  scratch = makeScratch({ model: false });
  mkdirSync(join(scratch.root, "data"));
  await query(`COPY (${cars}) TO '${join(scratch.root, "data/cars.parquet")}'`);
  scratch.write("models/car/model.yaml", carYaml);
  scratch.write(
    "models/car/features.sql",
    `SELECT plant, number, model, "version", fast FROM 'cars.parquet' WHERE built >= $start AND built < $end`,
  );
  scratch.git("add", "models");
  scratch.git("commit", "-qm", "Add a model");
  await scratch.facts(["init"]);
  await scratch.facts(["run", "car"]);
});
afterAll(() => scratch[Symbol.dispose]());

const predictions = ["label", "probability_false", "probability_true"];

it("the next window of a classifier has its label and probabilities; labels without a time are as old as the window", async () => {
  const found = await windowOf(scratch, { model: "car", now: "2001-02-11", window: "1w" });
  expect(found).toMatchObject({ source: "features", rows: 140, labels: { known: 140, late: 0 } });
  expect(found.columns).toEqual({ features: ["model", "version"], predictions, target: "fast" });
  for (const row of found.content) {
    expect(row.label).toBe(Number(row.probability_true) > Number(row.probability_false) ? "true" : "false");
    expect(row.fast).toMatch(/^(true|false)$/);
  }
  const young = await windowOf(scratch, {
    model: "car",
    now: "2001-02-11",
    window: "1w",
    drift: { label_delay: "1h" },
  });
  expect(young.labels).toMatchObject({ known: 0, late: 140 });
});

it("what predict logs of it is found again by its key of two columns", async () => {
  scratch.write("new.sql", `SELECT plant, number, model, "version" FROM 'cars.parquet' WHERE built = '2001-02-10'`);
  const output = ["--output", "out.parquet", "--log", "--now", "2001-02-10T08:00:00Z"];
  const { logged } = await scratch.facts<{ logged: string }>(["predict", "car", "--input", "new.sql", ...output]);
  const [first] = await query(`FROM '${logged}' LIMIT 1`);
  expect(Object.keys(first ?? {})).toEqual([
    "time",
    "model",
    "version",
    "arm",
    "key",
    "model_",
    "version_",
    ...predictions,
    "latency_ms",
  ]);
  expect(first).toMatchObject({
    model: "car",
    version: 1,
    key: '["A","400"]',
    model_: expect.stringMatching(/^[TS]$/),
  });
  const found = await windowOf(scratch, { model: "car", now: "2001-02-11" });
  expect(found).toMatchObject({ source: "log", rows: 20, labels: { known: 20, missing: 0 }, vanished: [], added: [] });
  expect(found.columns).toEqual({ features: ["model", "version"], predictions, target: "fast" });
  expect(await query(`FROM '${join(scratch.root, "out.parquet")}' LIMIT 1`)).toMatchObject([
    { plant: "A", model: first?.model_ },
  ]);
});
