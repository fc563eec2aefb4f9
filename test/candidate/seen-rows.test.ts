import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findSeenRows } from "../../pipelines/candidate/seen-rows.ts";
import type { DatasetRef } from "../../pipelines/data/dataset-store.ts";
import { silentLog } from "../../pipelines/ports/host.ts";
import type { Production } from "../../pipelines/registry/production.ts";
import { parseTrainedRows, trainedRowsFile, versionTrainedRows } from "../../pipelines/registry/trained-rows.ts";
import type { CandidateRecord } from "../../pipelines/registry/version-record.ts";
import { build, featureJob, type ModelChoice, type Project, scratchProject } from "../data/feature-project.ts";

let project: Project;
beforeAll(async () => {
  project = await scratchProject();
});
afterAll(() => project[Symbol.asyncDispose]());

interface Split extends ModelChoice {
  /** Days of the window, of 400. */
  from?: number;
  to?: number;
}

const query = ({ from = 0, to = 300 }: Split) =>
  `SELECT i AS id, i * 7 AS other, i // 4 AS person, TIMESTAMP '2026-01-01' + INTERVAL (i % 400) DAY + INTERVAL (i) SECOND AS at,
  hash(i) % 1000 AS x, hash(i * 3) % 1000 AS y FROM range(2000) t(i) WHERE i % 400 >= ${from} AND i % 400 < ${to}`;

async function splitOf(choice: Split) {
  const { from: _from, to: _to, ...model } = choice;
  const made = { time: "at", key: ["id"], ...model };
  const data = await build(project, query(choice), made);
  return { config: featureJob(project, "", made).model.config, data: { ...data, split_seed: made.seed ?? 1 } };
}

async function column(ref: DatasetRef, name: string): Promise<string[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const read = await connection.runAndReadAll(
    `SELECT ${name} AS v FROM '${await project.store.path(ref.fingerprint)}'`,
  );
  const values = read.getRowObjectsJS().map(({ v }) => String(v));
  connection.closeSync();
  instance.closeSync();
  return values;
}

const byTime = (share: number) => ({ split: { by: "time" as const, test: share } });
const byKey = (share: number, group?: string) => ({
  split: { by: "key" as const, test: share, ...(group !== undefined && { group }) },
});

test.each<[string, Split, Split, "id" | "person", "none" | "some" | "many"]>([
  ["the same split", byKey(0.2), byKey(0.2), "id", "none"],
  ["by time to by key", byTime(0.2), byKey(0.2), "id", "many"],
  ["by key to by time", byKey(0.2), byTime(0.2), "id", "many"],
  ["a larger share by time", byTime(0.1), byTime(0.3), "id", "many"],
  ["a smaller share by time", byTime(0.3), byTime(0.1), "id", "none"],
  ["a larger share by key", byKey(0.1), byKey(0.3), "id", "many"],
  ["a window by time that moved on", byTime(0.2), { ...byTime(0.2), from: 100, to: 400 }, "id", "none"],
  ["a window by time that moved back", { ...byTime(0.2), from: 100, to: 400 }, byTime(0.2), "id", "many"],
  ["a longer window by time", byTime(0.2), { ...byTime(0.2), to: 400 }, "id", "none"],
  ["a window by key that moved on", byKey(0.2), { ...byKey(0.2), from: 100, to: 400 }, "id", "none"],
  ["another key", byKey(0.2), { ...byKey(0.2), key: ["other"] }, "id", "many"],
  ["another seed", byKey(0.2), { ...byKey(0.2), seed: 5 }, "id", "many"],
  ["rows to groups", byKey(0.2), byKey(0.2, "person"), "person", "many"],
  ["by time to groups", byTime(0.2), byKey(0.2, "person"), "person", "many"],
  ["groups to rows", byKey(0.2, "person"), byKey(0.2), "person", "many"],
  ["groups to groups", byKey(0.2, "person"), byKey(0.2, "person"), "person", "none"],
  ["groups by another seed", byKey(0.2, "person"), { ...byKey(0.2, "person"), seed: 5 }, "person", "many"],
])(
  "%s: what production was trained on is known, by its split and by its filter",
  async (_title, theirs, ours, by, how) => {
    const [before, after] = [await splitOf(theirs), await splitOf(ours)];
    const record = { ...before.data, config: before.config } as unknown as CandidateRecord;
    const file = (await versionTrainedRows({ store: project.store, log: silentLog }, record))[trainedRowsFile]!;
    const production = {
      record: { candidate: record, version: 1 },
      trainedRows: async () => parseTrainedRows(file),
    } as unknown as Production;

    const learned = new Set(await column(before.data.train, by));
    const truth = (await column(after.data.test, by)).flatMap((value, row) => (learned.has(value) ? [row] : []));
    const share = truth.length / after.data.test.rows;
    expect(how === "none" ? share === 0 : share > 0.3).toBe(true);

    const place = { store: project.store, threads: 1 };
    const found = await findSeenRows(place, after.config, after.data, production);
    expect("rows" in found && [...found.rows]).toEqual(truth);

    const gone = async (fingerprint: string) =>
      fingerprint !== before.data.train.fingerprint && (await project.store.has(fingerprint));
    const forgetful = { ...place, store: { ...project.store, has: gone } };
    const filtered = await findSeenRows(forgetful, after.config, after.data, production);
    const rows = "rows" in filtered ? [...filtered.rows] : [];
    expect(rows).toEqual(expect.arrayContaining(truth));
    expect(rows.length - truth.length).toBeLessThan(0.02 * after.data.test.rows + 1);
  },
);
