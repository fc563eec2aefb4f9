import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import { buildFeatures } from "../../pipelines/data/build-features.ts";
import { combineHalves, fingerprint, splitBound } from "../../pipelines/data/fingerprint.ts";
import { loadTable } from "../../pipelines/data/table.ts";
import { build, featureJob, type Project, scratchProject } from "./feature-project.ts";
import {
  anyRows,
  expectedFingerprint,
  fileOf,
  inTest,
  plainRows,
  pythonRepr,
  type Row,
  rowsQuery,
} from "./reference-rows.ts";

let project: Project;

beforeAll(async () => {
  project = await scratchProject();
});

afterAll(() => project[Symbol.asyncDispose]());

async function splits(rows: readonly Row[], key: readonly string[] = ["k"], seed = 7) {
  await project.write("data/rows.json", fileOf(rows));
  return build(project, rowsQuery, { key, seed, split: { by: "key", test: 0.3 } });
}

test("2,000 columns are checked, hashed and split", async () => {
  const rows = Array.from({ length: 40 }, (_, row) => ({ row }));
  await project.write("data/wide.json", JSON.stringify(rows));
  const columns = Array.from({ length: 2000 }, (_, at) => `row * ${at + 1} AS c${at}`);
  const query = `SELECT ${columns.join(", ")}, row + 0.5 AS y FROM 'wide.json'`;
  const { train, test: held, features } = await build(project, query, { split: { by: "key", test: 0.3 } });
  expect(features).toHaveLength(2000);
  expect(train.rows + held.rows).toBe(40);
  const shuffled = `${query} ORDER BY hash(row)`;
  expect((await build(project, shuffled, { split: { by: "key", test: 0.3 } })).train).toEqual(train);
});

describe("the engine and the definition agree", () => {
  test.each([true, false])("on any rows, with a key: %s", async (byKey) => {
    await fc.assert(
      fc.asyncProperty(anyRows, fc.nat(100), async (more, seed) => {
        const rows = [...plainRows, ...more];
        const [held, kept] = [
          rows.filter((row) => inTest(row, seed, 0.3, byKey)),
          rows.filter((row) => !inTest(row, seed, 0.3, byKey)),
        ];
        const { train, test: held2 } = byKey ? await splits(rows, ["k"], seed) : await splits(rows, [], seed);
        expect([train.rows, held2.rows]).toEqual([kept.length, held.length]);
        expect([train.fingerprint, held2.fingerprint]).toEqual([expectedFingerprint(kept), expectedFingerprint(held)]);
      }),
      { numRuns: 20 },
    );
  });

  test.each([
    [1, "1.0"],
    [-0, "0.0"],
    [1e15, "1000000000000000.0"],
    [1e16, "1e+16"],
    [0.0001, "0.0001"],
    [0.00001, "1e-05"],
    [-1.5e-7, "-1.5e-07"],
    [123456789012345680, "1.2345678901234568e+17"],
    [5e-324, "5e-324"],
    [1.5, "1.5"],
  ])("the reference writes %d as Python does", (value, text) => {
    expect(pythonRepr(value)).toBe(text);
  });
});

describe("a fingerprint does not depend on", () => {
  test("the order of the rows", async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, fc.infiniteStream(fc.nat()), async (more, order) => {
        const rows = [...plainRows, ...more];
        const ranks = new Map(rows.map((row) => [row, order.next().value ?? 0]));
        const shuffled = rows.toSorted((a, b) => (ranks.get(a) ?? 0) - (ranks.get(b) ?? 0));
        const [before, after] = [await splits(rows), await splits(shuffled)];
        expect(after).toEqual(before);
      }),
      { numRuns: 10 },
    );
  });

  test("the width of integers, the precision of floats, and enums", async () => {
    const narrow =
      "SELECT i::TINYINT AS y, (i / 4)::FLOAT AS f, ('a' || i % 2)::ENUM('a0', 'a1') AS s FROM range(40) t(i)";
    const wide = "SELECT i::HUGEINT AS y, (i / 4)::DOUBLE AS f, 'a' || i % 2 AS s FROM range(40) t(i)";
    expect((await build(project, narrow)).train).toEqual((await build(project, wide)).train);
  });

  test("threads, memory and spilling", async () => {
    const query =
      "SELECT i AS y, i * 7919 % 120011 AS x, md5(i::VARCHAR) || md5((i + 1)::VARCHAR) AS s FROM range(120000) t(i)";
    const job = featureJob(project, query);
    const large = await buildFeatures({ ...job, limits: { memory_gb: 2, threads: 2, seconds: 60 } });
    await using other = await scratchProject();
    const limits = { memory_gb: 0.05, threads: 1, seconds: 60 };
    const small = await buildFeatures({ ...featureJob(other, query), limits });
    expect(small).toEqual(large);
    const read = async ({ store }: Project) => {
      if (!large.ok) throw new Error("a check failed");
      const spec = { features: large.features, target: "y", task: "regression" as const, classes: [] };
      const { target } = await loadTable(store, large.train, spec);
      return target.task === "regression" ? sha256(new Uint8Array(target.values.buffer)) : "";
    };
    expect(await read(other)).toBe(await read(project));
  });

  test("how a moment is spelt", async () => {
    const zoned =
      "SELECT i AS y, i AS x, TIMESTAMPTZ '2001-01-01 02:00:00+02' + INTERVAL (i) HOUR AS at FROM range(40) t(i)";
    const plain =
      "SELECT i AS y, i AS x, TIMESTAMP_S '2001-01-01 00:00:00' + INTERVAL (i) HOUR AS at FROM range(40) t(i)";
    const choice = { time: "at" };
    expect((await build(project, zoned, choice)).train).toEqual((await build(project, plain, choice)).train);
  });

  test("the sign of NaN", async () => {
    const negative =
      "SELECT i AS y, CASE WHEN i < 9 THEN -('nan'::DOUBLE) ELSE -0.0::DOUBLE END AS x FROM range(40) t(i)";
    const positive = "SELECT i AS y, CASE WHEN i < 9 THEN 'nan'::DOUBLE ELSE 0.0::DOUBLE END AS x FROM range(40) t(i)";
    expect((await build(project, negative)).train).toEqual((await build(project, positive)).train);
  });
});

describe("a fingerprint changes with", () => {
  const base = "SELECT i AS y, 'a' AS a, NULL::VARCHAR AS b FROM range(40) t(i)";
  test.each([
    ["where a null sits", "SELECT i AS y, NULL::VARCHAR AS a, 'a' AS b FROM range(40) t(i)"],
    ["null and empty", "SELECT i AS y, 'a' AS a, '' AS b FROM range(40) t(i)"],
    ["null and a text like it", "SELECT i AS y, 'a' AS a, '~' AS b FROM range(40) t(i)"],
    ["a name", "SELECT i AS y, 'a' AS a, NULL::VARCHAR AS c FROM range(40) t(i)"],
    ["a type", "SELECT i::DOUBLE AS y, 'a' AS a, NULL::VARCHAR AS b FROM range(40) t(i)"],
    ["one value", "SELECT i AS y, CASE WHEN i = 11 THEN 'b' ELSE 'a' END AS a, NULL::VARCHAR AS b FROM range(40) t(i)"],
    ["a repeated row", `${base} UNION ALL (${base})`],
  ])("%s", async (_title, query) => {
    const [one, other] = [await build(project, base), await build(project, query)];
    const print = ({ train, test: held }: typeof one) => `${train.fingerprint} ${held.fingerprint}`;
    expect(print(other)).not.toBe(print(one));
  });

  test("the text between neighbours", async () => {
    const query = (a: string, b: string) => `SELECT i AS y, '${a}' AS a, '${b}' AS b FROM range(40) t(i)`;
    const [one, other] = [await build(project, query("x1:", "y")), await build(project, query("x", "1:y"))];
    expect(one.train.fingerprint).not.toBe(other.train.fingerprint);
  });
});

test("halves are added modulo 2^128", () => {
  const top = 2n ** 64n - 1n;
  expect(combineHalves(top, top)).toBe(2n ** 128n - 1n);
  expect(combineHalves(top + 1n, top)).toBe(0n);
});

test("the bound of a split", () => {
  expect(splitBound(0.5)).toBe(2n ** 63n);
  expect(splitBound(0.25)).toBe(2n ** 62n);
});

test("a fingerprint is stable across releases", () => {
  const columns = [{ name: "y", type: "double" }];
  expect(fingerprint(columns, { rows: 2, sum: 255n })).toBe("fp:5c2ebd273314d593b6dda7ecbd02a2f5");
});
