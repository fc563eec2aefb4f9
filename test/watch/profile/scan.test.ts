import { describe, expect, it } from "vitest";
import type { Distribution } from "../../../pipelines/watch/profile/distribution.ts";
import { gridEdges, gridProbabilities } from "../../../pipelines/watch/profile/edges.ts";
import { countNumbers, profileNumbers } from "../../../scripts/bench/drift/count-values.ts";
import { profileOf, windowOf } from "../drift/builders.ts";
import { parquetFolder } from "../drift/parquet.ts";

type Numeric = Extract<Distribution, { kind: "numeric" }>;

async function countedColumn(reference: string, current: string, kind: "number" | "category" | "boolean" = "number") {
  using folder = parquetFolder();
  const profile = await profileOf({ file: await folder.write("reference.parquet", reference), features: { x: kind } });
  const window = await windowOf(profile, await folder.write("current.parquet", current));
  const [found] = window.features;
  return { reference: profile.features[0]!.distribution, found: found!, window };
}

const list = (values: readonly (number | string)[]) =>
  `SELECT CAST(unnest([${values.map((value) => `'${value}'`).join(", ")}]) AS DOUBLE) AS x`;

describe("counting a window on a profile's edges", () => {
  it("knows few distinct values one by one, and what lies between and beyond them", async () => {
    const { reference, found } = await countedColumn(list([1, 2, 2, 5]), list([0, 1, 1.5, 2, 3, 5, 7, 9]));
    expect(reference).toMatchObject({ exact: true, edges: [1, 2, 5], counts: [1, 2, 1, 0], equal: [1, 2, 1] });
    expect(found).toMatchObject({
      state: "counted",
      distribution: { rows: 8, counts: [2, 2, 2, 2], equal: [1, 1, 1], below: 1, above: 6, min: 0, max: 9 },
    });
  });

  it.each([
    ["neighbouring 64-bit numbers", [0.1 + 0.2, 0.3, 0.30000000000000004, 5e-324, 0, -5e-324]],
    ["numbers of very different sizes", [-1e30, 1e-30, 0, 1e30, 12345678901234568]],
  ])("does not confuse %s", async (_, values) => {
    const { reference, found } = await countedColumn(list(values), list(values));
    const counts = (reference as Numeric).counts;
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length);
    expect(found).toMatchObject({ distribution: { counts, equal: (reference as Numeric).equal, below: 0, above: 0 } });
  });

  it("takes what 32 bits cannot hold for infinite, and NaN and null for missing", async () => {
    const odd = `${list([1, 2, 3])} UNION ALL SELECT unnest([NULL, 'nan'::DOUBLE, 'inf'::DOUBLE, '-inf'::DOUBLE, 1e39])`;
    const { reference, found } = await countedColumn(odd, odd);
    expect(reference).toMatchObject({ rows: 8, missing: 2, infinite: 3, mean: 2, min: 1, max: 3 });
    expect(found).toMatchObject({ distribution: { rows: 8, missing: 2, infinite: 3, counts: [1, 1, 1, 0] } });
  });

  it("cuts many values at quantiles that a second scan counts as the first", async () => {
    const skewed = "SELECT exp(((i * 7919) % 20011) / 20011 * 8) AS x FROM range(20000) t(i)";
    const { reference, found } = await countedColumn(skewed, skewed);
    const { edges, counts, equal } = reference as Numeric;
    expect((reference as Numeric).exact).toBe(false);
    expect(edges.length).toBeGreaterThan(200);
    expect(edges.every((edge, at) => at === 0 || edge > edges[at - 1]!)).toBe(true);
    expect(Math.max(...counts)).toBeLessThan(20000 / 100);
    expect([counts.at(-1), equal]).toEqual([0, null]);
    expect(found).toMatchObject({ distribution: { counts, below: 0, above: 0 } });
  });

  it("counts as the simulation does in memory", async () => {
    const values = Float64Array.from({ length: 3000 }, (_, at) => Math.round(((at * 7919) % 3001) ** 1.5) / 8);
    const window = Float64Array.from({ length: 500 }, (_, at) => ((at * 104729) % 4001) ** 1.4 / 4 - 100);
    const { reference, found } = await countedColumn(list([...values]), list([...window]));
    const inMemory = profileNumbers("x", values);
    expect((reference as Numeric).edges).toEqual(inMemory.edges);
    expect((reference as Numeric).counts).toEqual(inMemory.counts);
    const { counts, missing, above } = countNumbers(inMemory, window);
    expect(found).toMatchObject({ distribution: { counts, equal: null, missing, above } });
  });

  it("counts categories by name, and tells the new ones apart", async () => {
    const text = (values: string) => `SELECT unnest([${values}]) AS x`;
    const { reference, found } = await countedColumn(
      text("'a', 'a', 'b', 'it''s', NULL, ''"),
      text("'a', 'z', 'z', 'y', 'it''s', NULL"),
      "category",
    );
    expect(reference).toMatchObject({ rows: 6, missing: 2, other: 0, buckets: null });
    expect((found as { distribution: Distribution }).distribution).toMatchObject({
      rows: 6,
      missing: 1,
      categories: [
        { value: "a", rows: 1 },
        { value: "b", rows: 0 },
        { value: "it's", rows: 1 },
      ],
      other: 3,
      unlisted: [
        { value: "z", rows: 2 },
        { value: "y", rows: 1 },
      ],
    });
  });

  it("takes booleans for categories", async () => {
    const { found } = await countedColumn("SELECT unnest([true, true, false]) AS x", "SELECT true AS x", "boolean");
    expect(found).toMatchObject({
      distribution: {
        categories: [
          { value: "true", rows: 1 },
          { value: "false", rows: 0 },
        ],
      },
    });
  });
});

describe("a window that is not what the profile expects", () => {
  const numbers = list([1, 2, 3]);

  it("is empty without files, and with a file of no rows", async () => {
    const { window, found } = await countedColumn(numbers, `${numbers} LIMIT 0`);
    expect(window.rows).toBe(0);
    expect(found).toMatchObject({ distribution: { rows: 0, missing: 0, counts: [0, 0, 0, 0], mean: null } });
    using folder = parquetFolder();
    const profile = await profileOf({ file: await folder.write("r.parquet", numbers), features: { x: "number" } });
    expect(await windowOf(profile)).toMatchObject({ rows: 0, added: [], features: [{ distribution: { rows: 0 } }] });
  });

  it.each([
    ["a text where a number was", numbers, "SELECT 'three' AS x", "number", { state: "type changed", type: "VARCHAR" }],
    ["a number where a text was", "SELECT 'a' AS x", numbers, "category", { state: "type changed", type: "DOUBLE" }],
    ["a number where a boolean was", "SELECT true AS x", numbers, "boolean", { state: "type changed", type: "DOUBLE" }],
    ["a whole number where a decimal one was", numbers, "SELECT 2 AS x", "number", { state: "counted" }],
    ["nothing but nulls", "SELECT 'a' AS x", "SELECT NULL AS x", "category", { distribution: { rows: 1, missing: 1 } }],
    ["another column", numbers, "SELECT 1.5 AS y", "number", { state: "vanished" }],
  ] as const)("tells of %s", async (_, reference, current, kind, expected) => {
    const { found } = await countedColumn(reference, current, kind);
    expect(found).toMatchObject(expected);
  });

  it("names the columns it does not know, and not those of the log", async () => {
    const { window } = await countedColumn(
      numbers,
      "SELECT 1.0 AS x, 2 AS surprise, 'm' AS model, 1 AS version, now() AS time, 'k' AS key, 0.5 AS prediction, 3 AS target",
    );
    expect(window.added).toEqual(["surprise"]);
  });
});

describe("edges", () => {
  it.each([
    ["equal values", Array.from({ length: 268 }, () => 5), [5]],
    ["whole numbers", gridProbabilities().map((q) => Math.round(q * 300)), 250],
    ["tiny numbers", gridProbabilities().map((q) => q * 1e-12), 200],
    ["large numbers close together", gridProbabilities().map((q) => 1e15 + q), 2],
  ])("of %s are ascending and reach around them", (_, quantiles, expected) => {
    const edges = gridEdges(quantiles);
    expect(edges[0]).toBeLessThanOrEqual(quantiles[0]!);
    expect(edges.at(-1)).toBeGreaterThanOrEqual(quantiles.at(-1)!);
    expect(edges.every((edge, at) => at === 0 || edge > edges[at - 1]!)).toBe(true);
    if (typeof expected === "number") expect(edges.length).toBeGreaterThanOrEqual(expected);
    else expect(edges).toEqual(expected);
  });
});
