import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DatasetRef } from "../../pipelines/data/dataset-store.ts";
import { build, failure, type Project, scratchProject, twentyRows } from "./feature-project.ts";
import { anyRows, fileOf, plainRows, type Row, rowsQuery } from "./reference-rows.ts";

let project: Project;

beforeAll(async () => {
  project = await scratchProject();
});

afterAll(() => project[Symbol.asyncDispose]());

/** What a stored split holds, in its order. */
async function stored(ref: DatasetRef, columns: string): Promise<string[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(
    `SELECT ${columns} AS value FROM '${await project.store.path(ref.fingerprint)}'`,
  );
  const values = result.getRowObjectsJS().map(({ value }) => String(value));
  connection.closeSync();
  instance.closeSync();
  return values;
}

async function keysOf(rows: readonly Row[], key: readonly string[]): Promise<{ train: string[]; test: string[] }> {
  await project.write("data/rows.json", fileOf(rows));
  const { train, test: held } = await build(project, rowsQuery, { key });
  return { train: await stored(train, "k"), test: await stored(held, "k") };
}

describe("by key", () => {
  test.each([[["k"]], [[]]])("rows that are added move no row (key %j)", async (key) => {
    await fc.assert(
      fc.asyncProperty(anyRows, async (more) => {
        const before = await keysOf(plainRows, key);
        const after = await keysOf([...more, ...plainRows.toReversed()], key);
        expect(after.train).toEqual(expect.arrayContaining(before.train));
        expect(after.test).toEqual(expect.arrayContaining(before.test));
        expect(after.train.length + after.test.length).toBe(plainRows.length + more.length);
      }),
      { numRuns: 10 },
    );
  });

  test("a row that changes keeps its side when its key stays", async () => {
    const changed = plainRows.map((row) => ({ ...row, s: "other", f: null, y: row.y * 2 }));
    const [before, after] = [await keysOf(plainRows, ["k"]), await keysOf(changed, ["k"])];
    expect(after.test.toSorted()).toEqual(before.test.toSorted());
  });

  test("copies of a row stay together without a key", async () => {
    const query = "SELECT i % 50 AS y, i % 50 AS x FROM range(500) t(i)";
    const { train, test: held } = await build(project, query);
    const [left, right] = [await stored(train, "x"), await stored(held, "x")];
    expect(left.filter((value) => right.includes(value))).toEqual([]);
    expect(train.rows % 10).toBe(0);
  });

  test("the seed gives another split, the share its size", async () => {
    const query = "SELECT i AS id, i AS y, i % 7 AS x FROM range(20000) t(i)";
    const choice = (seed: number, share: number) => ({ key: ["id"], seed, split: { by: "key" as const, test: share } });
    const [one, other] = [await build(project, query, choice(1, 0.2)), await build(project, query, choice(2, 0.2))];
    expect(one.test.fingerprint).not.toBe(other.test.fingerprint);
    expect(one.test.rows / 20000).toBeCloseTo(0.2, 1);
    const larger = await build(project, query, choice(1, 0.4));
    expect(await stored(larger.test, "id")).toEqual(
      expect.arrayContaining((await stored(one.test, "id")).slice(0, 500)),
    );
  });

  test("a key of two columns is not their text put together", async () => {
    const query = (a: string, b: string) =>
      `SELECT '${a}' || i AS a, i || '${b}' AS b, i AS y, 1 AS x FROM range(200) t(i)`;
    const choice = { key: ["a", "b"] };
    const [one, other] = [await build(project, query("k", ""), choice), await build(project, query("k", "0"), choice)];
    expect(await stored(one.test, "y")).not.toEqual(await stored(other.test, "y"));
  });
});

describe("by group", () => {
  const grouped = { by: "key" as const, test: 0.25, group: "person" };
  const query = (people: number) =>
    `SELECT p * 10 + t AS id, 'p' || p AS person, p AS y, t AS x FROM range(${people}) a(p), range(5) b(t)`;

  test("rows of a group are on one side, and stay there when others come", async () => {
    const [few, many] = [
      await build(project, query(200), { key: ["id"], split: grouped }),
      await build(project, query(300), { key: ["id"], split: grouped }),
    ];
    const [left, right] = [await stored(many.train, "person"), await stored(many.test, "person")];
    expect(left.filter((person) => right.includes(person))).toEqual([]);
    expect(new Set(right).size * 5).toBe(right.length);
    expect(right).toEqual(expect.arrayContaining(await stored(few.test, "person")));
    expect(many.features.map(({ name }) => name)).toEqual(["x"]);
  });

  test("the group may be a part of the key, and is another split than by the key", async () => {
    const choice = { key: ["person", "x"], split: grouped };
    const { test: held } = await build(project, `${query(200)}`.replace("p * 10 + t AS id, ", "1 AS z, "), choice);
    const rows = await stored(held, "person");
    expect(new Set(rows).size * 5).toBe(rows.length);
  });

  test("a group that is missing somewhere, or is no column, is told", async () => {
    const missing = query(200).replace("'p' || p", "CASE WHEN p > 5 THEN p END");
    const [one, other] = [
      await failure(build(project, missing, { key: ["id"], split: grouped })),
      await failure(
        build(project, "SELECT i AS id, i AS y, 1 AS x FROM range(9) t(i)", { key: ["id"], split: grouped }),
      ),
    ];
    expect(one.message).toContain("the group person is missing in 30 of 1,000 rows");
    expect(other.message).toContain("features.split.group names column person, which the query does not return");
  });
});

describe("by time", () => {
  const byTime = (share: number) => ({ time: "at", split: { by: "time" as const, test: share } });

  test.each([
    ["distinct times", "i", 0.2, 4],
    ["a quarter", "i", 0.25, 5],
    ["half of pairs", "i // 2", 0.5, 10],
    ["rows of one time stay together", "i // 7", 0.2, 6],
    ["the last time has most rows", "least(i, 3)", 0.2, 17],
    ["text order would be another", "i * 30", 0.1, 2],
  ])("%s", async (_title, days, share, rows) => {
    const query = twentyRows(`DATE '2001-01-01' + (${days})::INTEGER AS at`);
    const { train, test: held, notes } = await build(project, query, byTime(share));
    expect([train.rows, held.rows]).toEqual([20 - rows, rows]);
    const [last] = (await stored(train, 'CAST("at" AS VARCHAR)')).toSorted().reverse();
    const [first] = (await stored(held, 'CAST("at" AS VARCHAR)')).toSorted();
    expect(String(last) < String(first)).toBe(true);
    expect(notes).toContain(`split by time: test begins at ${first}`);
  });

  test("nanoseconds are not lost", async () => {
    const query = twentyRows("make_timestamp_ns(1000000000000000000 + i) AS at");
    const { test: held } = await build(project, query, byTime(0.2));
    expect(held.rows).toBe(4);
  });
});

test("the stored order is that of the row hashes, whatever the source's", async () => {
  const rows = "SELECT i AS y, i * 3 % 1000 AS x, 't' || i AS s FROM range(50000) t(i)";
  const [up, down] = [await build(project, `${rows} ORDER BY i`), await build(project, `${rows} ORDER BY i DESC`)];
  expect(up.train).toEqual(down.train);
  const hash = (ref: DatasetRef) => stored(ref, "md5_number(x || ',' || strlen(s) || ':' || s || y || ',')");
  const order = (await hash(up.train)).map(BigInt);
  expect(order.every((value, at) => at === 0 || (order[at - 1] ?? 0n) < value)).toBe(true);
});

test("our own column names give way to the user's", async () => {
  const query = twentyRows(
    "i AS mergeml_hash, i AS mergeml_test, DATE '2001-01-01' + i::INTEGER AS mergeml_cut, i AS mergeml_last",
  );
  const { features } = await build(project, query, { time: "mergeml_cut", split: { by: "time", test: 0.2 } });
  expect(features.map(({ name }) => name)).toEqual(["x", "mergeml_hash", "mergeml_test", "mergeml_last"]);
});
