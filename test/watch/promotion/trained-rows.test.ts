import { afterAll, beforeAll, expect, it } from "vitest";
import { openSession, quoteText } from "../../../pipelines/data/engines/tables.ts";
import type { CandidateRecord } from "../../../pipelines/registry/version-record.ts";
import { notTrainedOn } from "../../../pipelines/watch/promotion/score-labelled.ts";
import { build, type Project, scratchProject } from "../../data/feature-project.ts";

let project: Project;
beforeAll(async () => {
  project = await scratchProject();
});
afterAll(() => project[Symbol.asyncDispose]());

/** Of the rows that a split is made of, how many count as not trained on, once a log has kept them as 32-bit numbers. */
async function left(columns: string): Promise<{ left: number; test: number; all: number }> {
  const query = `SELECT i AS id, ${columns} FROM range(1000) t(i)`;
  const data = await build(project, query, { key: ["id"] });
  const record = { ...data, config: { task: "regression", features: { target: "y" } } } as unknown as CandidateRecord;
  const held = (await notTrainedOn(project.store, record, { given: ["x", "c"], target: "outcome" }))!;
  const stored = [data.train, data.test].map(({ fingerprint }) => project.store.path(fingerprint));
  const files = (await Promise.all(stored)).map(quoteText);
  using session = await openSession({ readable: [held.folder] });
  const logged = `SELECT CAST(x AS FLOAT) AS x, c, CAST(y AS DOUBLE) AS outcome FROM read_parquet([${files.join(", ")}])`;
  const { rows } = await session.row(`SELECT count(*) AS rows FROM (${logged}) WHERE ${held.where}`);
  return { left: Number(rows), test: data.test.rows, all: 1000 };
}

it("live rows that a version was trained on are left out, though a log keeps 32-bit numbers", async () => {
  const found = await left(
    "hash(i) / 1e19 AS x, CASE WHEN i % 3 > 0 THEN 'k' || i % 3 END AS c, hash(i * 7) % 100000 AS y",
  );
  expect(found.left).toBe(found.test);
});

it("rows of few values are equal by coincidence, and stay", async () => {
  const found = await left("i % 10 AS x, 'k' || i % 3 AS c, hash(i) % 9 AS y");
  expect(found.left).toBe(found.all);
});

it("nothing is known where the train split is not kept", async () => {
  const gone = { has: async () => false, path: async () => "" };
  const record = { train: { fingerprint: "fp:1" } } as unknown as CandidateRecord;
  expect(await notTrainedOn(gone, record, { given: ["x"], target: "y" })).toBeNull();
});
