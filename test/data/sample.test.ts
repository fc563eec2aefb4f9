import { afterAll, beforeAll, expect, test } from "vitest";
import { buildFeatures } from "../../pipelines/data/build-features.ts";
import { loadTable } from "../../pipelines/data/table.ts";
import { featureJob, type ModelChoice, type Project, scratchProject } from "./feature-project.ts";

let project: Project;

beforeAll(async () => {
  project = await scratchProject();
});

afterAll(() => project[Symbol.asyncDispose]());

const rowsTo = (end: number) => `SELECT 'k' || i AS k, i AS y, i % 7 AS x FROM range(${end}) t(i)`;

async function build(query: string, max_rows?: number, choice: ModelChoice = { key: ["k"] }, mostRows?: number) {
  const job = featureJob(project, query, choice);
  const { resources } = job.model.config;
  const limited = max_rows === undefined ? resources : { ...resources, max_rows };
  const built = await buildFeatures({
    ...job,
    mostRows,
    model: { ...job.model, config: { ...job.model.config, resources: limited } },
  });
  if (!built.ok) throw new Error("a check failed");
  return built;
}

/** The targets of the train split, which tell its rows apart. */
async function trained({ train, features, classes }: Awaited<ReturnType<typeof build>>): Promise<number[]> {
  const { target } = await loadTable(project.store, train, { features, target: "y", task: "regression", classes });
  return target.task === "regression" ? [...target.values] : [];
}

test("of a larger train split a sample is trained on, and the test split stays whole", async () => {
  const [whole, sample] = [await build(rowsTo(20_000)), await build(rowsTo(20_000), 3_000)];
  expect(sample.test).toEqual(whole.test);
  expect(sample.train.rows).toBeLessThanOrEqual(3_000);
  expect(sample.train.rows).toBeGreaterThan(2_800);
  expect(sample.train.sample_of).toEqual({ fingerprint: whole.train.fingerprint, rows: whole.train.rows });
  expect(sample.notes.join()).toMatch(
    /^trained on a sample of 2,\d{3} of 1\d,\d{3} rows, by a hash of k \(resources.max_rows\); the test split is whole$/,
  );
  const rows = await trained(whole);
  expect(new Set(rows).isSupersetOf(new Set(await trained(sample)))).toBe(true);
  expect((await build(`${rowsTo(20_000)} ORDER BY hash(i)`, 3_000)).train).toEqual(sample.train);
});

test("a trainer that cannot take more rows gets the same sample, and the reason is told", async () => {
  const [asked, most] = [await build(rowsTo(20_000), 3_000), await build(rowsTo(20_000), 9_000, undefined, 3_000)];
  expect(most.train).toEqual(asked.train);
  expect(most.notes.join()).toContain("by a hash of k (linear trains on at most 3,000); the test split is whole");
});

test("a smaller sample is part of a larger one, also when rows are added", async () => {
  const [larger, smaller] = [await build(rowsTo(20_000), 4_000), await build(rowsTo(20_000), 1_000)];
  expect(new Set(await trained(larger)).isSupersetOf(new Set(await trained(smaller)))).toBe(true);
  const appended = new Set(await trained(await build(rowsTo(22_000), 4_000)));
  const kept = (await trained(larger)).filter((y) => appended.has(y)).length;
  expect(kept).toBeGreaterThan(3_500);
});

test("a train split that is small enough is as it was", async () => {
  const whole = await build(rowsTo(1_000));
  expect(await build(rowsTo(1_000), 1_000)).toEqual(whole);
  expect(whole.train.sample_of).toBeUndefined();
});

test("without a key the row is hashed, and equal rows are in the sample together or not at all", async () => {
  const built = await build(rowsTo(5_000), 500, {});
  expect(built.train.rows).toBeGreaterThan(400);
  expect(built.notes.join()).toContain("by a hash of the whole row");
  const equal = "SELECT 1 AS y, CASE WHEN i < 4000 THEN 0 ELSE i END AS x FROM range(5000) t(i)";
  const distinct = await build(`${equal} UNION ALL (SELECT i AS y, i AS x FROM range(1000) t(i))`, 200, {});
  expect(distinct.train.rows).toBeLessThanOrEqual(200);
});
