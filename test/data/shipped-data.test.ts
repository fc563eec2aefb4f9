import { afterAll, beforeAll, expect, test } from "vitest";
import { buildFeatures } from "../../pipelines/data/build-features.ts";
import { loadTable } from "../../pipelines/data/table.ts";
import { featureJob, type ModelChoice, type Project, scratchProject } from "./feature-project.ts";

const packages = new URL("../../node_modules", import.meta.url).pathname;
const extraData = [`${packages}/vega-datasets/data`, `${packages}/@observablehq/sample-datasets`];

let project: Project;

beforeAll(async () => {
  project = await scratchProject();
});

afterAll(() => project[Symbol.asyncDispose]());

async function features(query: string, choice: ModelChoice) {
  const result = await buildFeatures({ ...featureJob(project, query, choice), extraData });
  if (!result.ok) throw new Error("a check failed");
  return result;
}

test("diamonds: every row on one side, twins together", async () => {
  const data = await features("SELECT * FROM 'diamonds.csv'", { target: "price", split: { by: "key", test: 0.2 } });
  expect(data.train.rows + data.test.rows).toBe(53_940);
  expect(data.test.rows / 53_940).toBeCloseTo(0.2, 2);
  expect(data.features.map(({ name, kind }) => `${name} ${kind}`).join(", ")).toBe(
    "carat number, cut category, color category, clarity category, depth number, table number, x number, y number, z number",
  );
});

test("birdstrikes: awkward names, a boolean target", async () => {
  const query = `SELECT "Aircraft Make Model", "Phase of flight", "Wildlife Size", "Speed IAS in knots", month("Flight Date") AS "month",
    "Effect Amount of damage" <> 'None' AS damage, "Cost Total $" > 0 AS "costs $" FROM 'birdstrikes.csv'`;
  const checks = [{ column: "Speed IAS in knots", between: [0, 500] as const, mostly: 0.99 }];
  const data = await features(query, { task: "classification", target: "damage", checks, slices: ["Phase of flight"] });
  expect(data.classes).toEqual(["false", "true"]);
  expect(data.checks[0]?.passed).toBe(true);
  const spec = { features: data.features, target: "damage", task: "classification" as const, classes: data.classes };
  const table = await loadTable(project.store, data.test, spec);
  expect(table.features.map(({ name }) => name)).toContain("costs $");
});

test("flights: a window of one week, split by time", async () => {
  const query = `SELECT date AS departed_at, distance, hour(date) AS hour, origin, delay
    FROM 'flights-3m.parquet' WHERE date >= $start AND date < $end`;
  const window = { start: "2001-01-01", end: "2001-01-08" };
  const data = await features(query, {
    target: "delay",
    time: "departed_at",
    window,
    split: { by: "time", test: 0.25 },
  });
  const rows = data.train.rows + data.test.rows;
  expect(rows).toBeGreaterThan(100_000);
  expect(data.test.rows / rows).toBeCloseTo(0.25, 2);
});
