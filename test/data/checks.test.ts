import { describe, expect, test } from "vitest";
import type { DataCheck } from "../../pipelines/config/model-config.ts";
import { buildFeatures } from "../../pipelines/data/build-features.ts";
import type { CheckResult } from "../../pipelines/data/dataset-store.ts";
import { build, failure, featureJob, scratchProject } from "./feature-project.ts";

/** 40 rows: i; n, null in 4; s, `k0` to `k3`; f, NaN in 2; d, days from 2001-01-01; at, hours; b. */
const query = `SELECT i AS y, i, CASE WHEN i % 10 = 0 THEN NULL ELSE i END AS n, 'k' || i % 4 AS s,
  CASE WHEN i < 2 THEN 'nan'::DOUBLE ELSE i / 2 END AS f, i > 19 AS b, 1.50::DECIMAL(5, 2) + i AS m,
  DATE '2001-01-01' + i::INTEGER AS d, TIMESTAMP '2001-01-01' + INTERVAL (i) HOUR AS at FROM range(40) t(i)`;

/** Key columns may have types that features may not. */
const choice = { key: ["d", "at"] };

async function results(...checks: Partial<DataCheck>[]): Promise<readonly CheckResult[]> {
  await using project = await scratchProject();
  const warnings = checks.map((check) => ({ severity: "warn" as const, ...check }));
  return (await build(project, query, { ...choice, checks: warnings })).checks;
}

describe("rules about rows", () => {
  test.each<[string, Partial<DataCheck>, string, number, string]>([
    ["not_null kept", { column: "i", not_null: true }, "i not null", 0, "all 40 rows"],
    ["not_null broken", { column: "n", not_null: true }, "n not null", 4, "4 of 40 rows"],
    ["not_null broken by NaN", { column: "f", not_null: true }, "f not null", 2, "2 of 40 rows"],
    ["unique kept", { column: "n", unique: true }, "n unique", 0, "all 36 rows"],
    ["unique broken", { column: "s", unique: true }, "s unique", 36, "36 of 40 rows, e.g. k0"],
    ["between kept", { column: "i", between: [0, 39] }, "i between [0, 39]", 0, "all 40 rows"],
    ["between broken", { column: "i", between: [2, 38.5] }, "i between [2, 38.5]", 3, "3 of 40 rows, e.g. 0"],
    ["between open below", { column: "n", between: [null, 37] }, "n between […, 37]", 2, "2 of 36 rows, e.g. 38"],
    [
      "between open above, NaN left out",
      { column: "f", between: [1.5, null] },
      "f between [1.5, …]",
      1,
      "1 of 38 rows, e.g. 1.0",
    ],
    [
      "between of decimals",
      { column: "m", between: [1.5, 40.49] },
      "m between [1.5, 40.49]",
      1,
      "1 of 40 rows, e.g. 40.50",
    ],
    [
      "between of dates",
      { column: "d", between: ["2001-01-02", "2001-02-08"] },
      "d between [2001-01-02, 2001-02-08]",
      2,
      "2 of 40 rows, e.g. 2001-01-01",
    ],
    [
      "between of timestamps",
      { column: "at", between: ["2001-01-01T01:00:00Z", null] },
      "at between [2001-01-01T01:00:00Z, …]",
      1,
      "1 of 40 rows, e.g. 2001-01-01 00:00:00",
    ],
    ["in_set kept", { column: "s", in_set: ["k0", "k1", "k2", "k3"] }, "s in {k0, k1, k2, k3}", 0, "all 40 rows"],
    ["in_set broken", { column: "s", in_set: ["k0", "it's"] }, "s in {k0, it's}", 30, "30 of 40 rows, e.g. k1"],
    [
      "in_set of numbers",
      { column: "i", in_set: [1, 2, 3, 4, 5, 6, 7] },
      "i in {1, 2, 3, 4, 5, 6, …}",
      33,
      "33 of 40 rows, e.g. 0",
    ],
    ["in_set of booleans", { column: "b", in_set: [true] }, "b in {true}", 20, "20 of 40 rows, e.g. false"],
    [
      "in_set of dates",
      { column: "d", in_set: ["2001-01-01"] },
      "d in {2001-01-01}",
      39,
      "39 of 40 rows, e.g. 2001-01-02",
    ],
    ["matches kept", { column: "s", matches: "k[0-3]" }, "s matches /k[0-3]/", 0, "all 40 rows"],
    ["matches the whole text", { column: "s", matches: "k" }, "s matches /k/", 40, "40 of 40 rows, e.g. k0"],
    ["compare kept", { column: "n", compare: { op: "<=", column: "i" } }, "n <= i", 0, "all 36 rows"],
    [
      "compare broken",
      { column: "i", compare: { op: "<", column: "f" } },
      "i < f",
      38,
      "38 of 38 rows, e.g. 2 against 1.0",
    ],
    ["compare for equality", { column: "i", compare: { op: "==", column: "y" } }, "i == y", 0, "all 40 rows"],
    ["compare date and timestamp", { column: "d", compare: { op: ">=", column: "at" } }, "d >= at", 0, "all 40 rows"],
  ])("%s", async (_title, check, label, failing, found) => {
    const [result] = await results(check);
    expect(result).toEqual({ check: label, severity: "warn", passed: failing === 0, found, failing_rows: failing });
  });

  test.each([
    [0.9, true],
    [0.91, false],
  ])("mostly %d of the rows", async (mostly, passed) => {
    const [result] = await results({ column: "n", not_null: true, mostly });
    expect(result).toMatchObject({ check: `n not null for ${mostly * 100}% of rows`, passed, failing_rows: 4 });
  });

  test("mostly counts only rows with a value", async () => {
    const [result] = await results({ column: "n", between: [3, 39], mostly: 34 / 36 });
    expect(result).toMatchObject({ passed: true, found: "2 of 36 rows, e.g. 1" });
  });
});

describe("rules about columns", () => {
  test.each<[string, Partial<DataCheck>, string, boolean, string]>([
    ["rows", { rows: { min: 10, max: 40 } }, "rows in [10, 40]", true, "40 rows"],
    ["too few rows", { rows: { min: 10_000 } }, "rows ≥ 10,000", false, "40 rows"],
    ["distinct_count", { column: "s", distinct_count: { max: 4 } }, "s distinct count ≤ 4", true, "4"],
    ["distinct_count of text", { column: "s", distinct_count: { min: 5 } }, "s distinct count ≥ 5", false, "4"],
    ["min", { column: "n", min: { min: 0 } }, "n min ≥ 0", true, "1"],
    ["max", { column: "f", max: { max: 19 } }, "f max ≤ 19", false, "19.5"],
    ["mean", { column: "i", mean: { min: 19.5, max: 19.5 } }, "i mean in [19.5, 19.5]", true, "19.5"],
    ["mean of booleans", { column: "b", mean: { max: 0.4 } }, "b mean ≤ 0.4", false, "0.5"],
    ["quantile", { column: "i", quantile: { q: 0.5, max: 19 } }, "i 0.5 quantile ≤ 19", false, "19.5"],
    ["type number", { column: "m", type: "number" }, "m type number", true, "DECIMAL(22,2)"],
    ["type integer", { column: "f", type: "integer" }, "f type integer", false, "DOUBLE"],
    ["type text", { column: "s", type: "text" }, "s type text", true, "VARCHAR"],
    ["type boolean", { column: "b", type: "boolean" }, "b type boolean", true, "BOOLEAN"],
    ["type date", { column: "d", type: "date" }, "d type date", true, "DATE"],
    ["type timestamp", { column: "d", type: "timestamp" }, "d type timestamp", false, "DATE"],
  ])("%s", async (_title, check, label, passed, found) => {
    const [result] = await results(check);
    expect(result).toMatchObject({ check: label, severity: "warn", passed, failing_rows: null });
    expect(result?.found).toContain(found.replace("(22,2)", ""));
  });

  test("a column without values has no minimum, and nothing else to break", async () => {
    await using project = await scratchProject();
    const checks = [
      { column: "x", min: { min: 0 }, between: [0, 1] as const, unique: true as const, severity: "warn" as const },
    ];
    const { checks: found } = await build(project, "SELECT i AS y, NULL::INTEGER AS x FROM range(20) t(i)", { checks });
    expect(found.map(({ passed, found }) => [passed, found])).toEqual([
      [true, "all 0 rows"],
      [true, "all 0 rows"],
      [false, "no values"],
    ]);
  });
});

test("a check with many rules gives a result for each, in a fixed order", async () => {
  const check = {
    column: "i",
    not_null: true as const,
    unique: true as const,
    between: [0, 50] as const,
    mean: { min: 0 },
    min: { min: 0 },
  };
  const labels = (await results({ rows: { min: 1 } }, check)).map((result) => result.check);
  expect(labels).toEqual(["rows ≥ 1", "i not null", "i unique", "i between [0, 50]", "i min ≥ 0", "i mean ≥ 0"]);
});

test("a blocking check that fails is an answer, and nothing is stored", async () => {
  await using project = await scratchProject();
  const checks = [{ column: "i", between: [0, 10] as const }, { rows: { min: 1 } }];
  const result = await buildFeatures(featureJob(project, query, { ...choice, checks }));
  expect(result).toMatchObject({ ok: false, rows: 40 });
  expect(result.checks.map(({ passed, severity }) => [passed, severity])).toEqual([
    [false, "block"],
    [true, "block"],
  ]);
  expect(await project.store.list()).toEqual([]);
});

test("awkward names and values reach the engine as they are", async () => {
  await using project = await scratchProject();
  const text = `SELECT i AS y, 'it''s "' || i AS "Cost Total $", i AS "a""b; --" FROM range(20) t(i)`;
  const checks = [
    { column: "Cost Total $", matches: `it's "\\d+` },
    { column: 'a"b; --', between: [0, 19] as const },
  ];
  expect((await build(project, text, { checks })).checks.every(({ passed }) => passed)).toBe(true);
});

describe("checks that cannot be asked", () => {
  test.each<[string, Partial<DataCheck>, string]>([
    ["an unknown column", { column: "nn", not_null: true }, "a check names column nn, which the query does not return"],
    ["an unknown column to compare", { column: "n", compare: { op: "<", column: "z" } }, "a check names column z"],
    ["a range of text", { column: "s", between: [1, 2] }, "between of s has 1, but the column is VARCHAR"],
    [
      "a range of dates over numbers",
      { column: "n", between: ["2001-01-01", null] },
      'between of n has "2001-01-01", but the column is BIGINT',
    ],
    [
      "a date that is none",
      { column: "d", between: ["2001-13-45", null] },
      'between of d has "2001-13-45", but the column is DATE',
    ],
    ["a set of the wrong type", { column: "b", in_set: ["true"] }, 'in_set of b has "true", but the column is BOOLEAN'],
    ["a pattern for numbers", { column: "n", matches: "1" }, "matches needs text, but n is BIGINT"],
    ["a broken pattern", { column: "s", matches: "(" }, "the pattern of s matches /(/ is wrong: missing )"],
    ["a look-ahead", { column: "s", matches: "(?=a)" }, "is wrong: invalid perl operator"],
    ["the mean of text", { column: "s", mean: { min: 1 } }, "mean needs a number, but s is VARCHAR"],
    ["the quantile of dates", { column: "d", quantile: { q: 0.5, min: 1 } }, "quantile needs a number, but d is DATE"],
    [
      "text against numbers",
      { column: "s", compare: { op: "<", column: "n" } },
      "s (VARCHAR) cannot be compared with n (BIGINT)",
    ],
  ])("%s", async (_title, check, message) => {
    await using project = await scratchProject();
    const error = await failure(buildFeatures(featureJob(project, query, { ...choice, checks: [check] })));
    expect(error.message).toContain(message);
    expect(error.problems[0]?.key).toContain("features.checks");
  });

  test("all of them are listed", async () => {
    await using project = await scratchProject();
    const checks = [{ column: "q", not_null: true as const }, { column: "s", mean: { min: 1 } }, { rows: { min: 1 } }];
    const { problems } = await failure(buildFeatures(featureJob(project, query, { ...choice, checks })));
    expect(problems.map(({ key }) => key)).toEqual(["features.checks[0]", "features.checks[1]"]);
  });
});
