import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../../pipelines/config/canonical-json.ts";
import type { FeatureData } from "../../pipelines/data/dataset-store.ts";
import { loadGroups } from "../../pipelines/data/stored-columns.ts";
import { type FeatureColumn, loadTable, type Table, type TableSpec } from "../../pipelines/data/table.ts";
import { build, type ModelChoice, type Project, scratchProject } from "./feature-project.ts";

let project: Project;

beforeAll(async () => {
  project = await scratchProject();
});

afterAll(() => project[Symbol.asyncDispose]());

async function tableOf(
  query: string,
  choice: ModelChoice = {},
): Promise<{ data: FeatureData; table: Table; spec: TableSpec }> {
  const data = await build(project, query, choice);
  const { features, classes } = data;
  const spec = { features, target: "y", task: choice.task ?? "regression", classes } satisfies TableSpec;
  return { data, table: await loadTable(project.store, data.train, spec), spec };
}

/** The values of a column by the row's target, which the queries here make the row number. */
function byTarget({ features, target, rows }: Table, name: string): Map<number, unknown> {
  const column = features.find((feature) => feature.name === name);
  if (!column || target.task !== "regression") throw new Error(`no ${name}`);
  return new Map(Array.from({ length: rows }, (_, row) => [target.values[row] ?? -1, cell(column, row)]));
}

function cell(column: FeatureColumn, row: number): unknown {
  return column.kind === "category" ? column.levels[column.codes[row] ?? -1] : column.values[row];
}

function hashOf({ target }: Table): string {
  return target.task === "regression" ? sha256(new Uint8Array(target.values.buffer)) : "";
}

test("numbers arrive as the nearest 32-bit number, missing ones as NaN", async () => {
  const { table } = await tableOf(`SELECT i AS y, i / 10 AS f, CASE WHEN i % 2 = 0 THEN NULL ELSE i END AS n,
    CASE WHEN i % 2 = 0 THEN 'nan'::DOUBLE ELSE 'inf'::DOUBLE END AS e, 9007199254740993 + i AS big, 1e300 * (i + 1) AS huge,
    i % 3 = 0 AS b, CASE WHEN i % 2 = 0 THEN i % 3 = 0 END AS bn, i::DECIMAL(9, 2) / 8 AS d, i::HUGEINT * 100000000000000000000 AS h
    FROM range(60) t(i)`);
  const value = (name: string, row: number) => byTarget(table, name).get(row);
  for (const row of byTarget(table, "f").keys()) {
    expect(value("f", row)).toBe(Math.fround(row / 10));
    expect(value("n", row)).toBe(row % 2 === 0 ? Number.NaN : row);
    expect(value("e", row)).toBe(row % 2 === 0 ? Number.NaN : Number.POSITIVE_INFINITY);
    expect(value("big", row)).toBe(Math.fround(2 ** 53));
    expect(value("huge", row)).toBe(Number.POSITIVE_INFINITY);
    expect(value("b", row)).toBe(row % 3 === 0 ? 1 : 0);
    expect(value("bn", row)).toBe(row % 2 === 1 ? Number.NaN : row % 3 === 0 ? 1 : 0);
    expect(value("h", row)).toBe(Math.fround(row * 1e20));
  }
});

test("categories arrive as codes of levels in code point order, missing ones as the empty string", async () => {
  const names = ["b", "a", "é", "\u{1F600}", "\uFFEE", "it's", "A", 'q"', ""];
  const list = `[${names.map((name) => `'${name.replace("'", "''")}'`).join(", ")}, NULL]`;
  const { table } = await tableOf(
    `SELECT i AS y, ${list}[1 + i % 10] AS c, NULL::VARCHAR AS none FROM range(400) t(i)`,
  );
  const column = table.features[0];
  expect(column?.kind === "category" && column.levels).toEqual([
    "",
    "A",
    "a",
    "b",
    "it's",
    'q"',
    "é",
    "\uFFEE",
    "\u{1F600}",
  ]);
  for (const [row, value] of byTarget(table, "c")) expect(value).toBe(names[row % 10] ?? "");
  expect(table.features[1]).toMatchObject({ kind: "category", levels: [""] });
});

describe("classes", () => {
  test.each([
    ["text", "['b', 'é', 'A', '', '\u{1F600}'][1 + i % 5]", ["", "A", "b", "é", "\u{1F600}"]],
    ["booleans", "i % 3 = 0", ["false", "true"]],
    ["integers, by value", "(i % 4) * 5 - 5", ["-5", "0", "5", "10"]],
    [
      "huge integers",
      "(i % 2)::HUGEINT * 170141183460469231731687303715884105727",
      ["0", "170141183460469231731687303715884105727"],
    ],
    ["integers beyond 2^53", "9007199254740992 + i % 2", ["9007199254740992", "9007199254740993"]],
    ["enums", "('k' || i % 2)::ENUM('k1', 'k0')", ["k0", "k1"]],
  ])("%s", async (_title, expression, classes) => {
    const query = `SELECT i AS x, ${expression} AS y FROM range(100) t(i)`;
    const { data, table } = await tableOf(query, { task: "classification" });
    expect(data.classes).toEqual(classes);
    expect(table.target.task === "classification" && [...new Set(table.target.codes)].toSorted()).toEqual(
      classes.map((_, at) => at),
    );
  });

  test("a class that only the test split has is a class", async () => {
    const query =
      "SELECT DATE '2001-01-01' + i::INTEGER AS at, i AS x, CASE WHEN i > 95 THEN 'z' ELSE 'k' || i % 2 END AS y FROM range(100) t(i)";
    const data = await build(project, query, { task: "classification", time: "at", split: { by: "time", test: 0.2 } });
    expect(data.classes).toEqual(["k0", "k1", "z"]);
  });

  test("a class outside the list is refused", async () => {
    const query = "SELECT i AS x, 'k' || i % 2 AS y FROM range(100) t(i)";
    const { data, spec } = await tableOf(query, { task: "classification" });
    const loading = loadTable(project.store, data.train, { ...spec, classes: ["k0"] });
    await expect(loading).rejects.toThrow("has a value that is not among its levels");
  });
});

test("a regression's target keeps its 64 bits", async () => {
  const { table } = await tableOf("SELECT i, i / 10 AS y FROM range(50) t(i)");
  const values = table.target.task === "regression" ? [...table.target.values] : [];
  expect(values.every((value) => value === Math.round(value * 10) / 10)).toBe(true);
  expect(values.some((value) => value !== Math.fround(value))).toBe(true);
});

test("rows are in the stored order, over many chunks", async () => {
  const { data, table } = await tableOf("SELECT i AS y, i::DOUBLE AS x, 'k' || i % 1000 AS c FROM range(100000) t(i)");
  expect(table.rows).toBe(data.train.rows);
  const again = await loadTable(project.store, data.train, {
    features: data.features.toReversed(),
    target: "y",
    task: "regression",
    classes: [],
  });
  expect(hashOf(again)).toBe(hashOf(table));
  for (const [row, value] of byTarget(again, "c")) if (row % 997 === 0) expect(value).toBe(`k${row % 1000}`);
});

test("a dataset with other rows than its record is refused", async () => {
  const { data, spec } = await tableOf("SELECT i AS y, i AS x FROM range(100) t(i)");
  const fewer = loadTable(project.store, { ...data.train, rows: data.train.rows - 1 }, spec);
  await expect(fewer).rejects.toThrow(`has more than ${data.train.rows - 1} rows`);
  const more = loadTable(project.store, { ...data.train, rows: data.train.rows + 1 }, spec);
  await expect(more).rejects.toThrow(`has ${data.train.rows} rows instead of`);
});

describe("groups", () => {
  const query = `SELECT i AS y, CASE WHEN i % 5 < 4 THEN 'k' || i % 5 END AS c, i % 3 = 0 AS b, (i % 3) / 2 AS f, i AS n,
    i / 7 AS x, CASE WHEN i % 2 = 0 THEN i END AS m, CASE WHEN i % 4 = 0 THEN 'nan'::DOUBLE ELSE 0.5 END AS e,
    CASE WHEN i % 2 = 0 THEN 1 ELSE i END AS many, DATE '2001-01-01' + i::INTEGER AS d FROM range(400) t(i)`;
  let data: FeatureData;

  beforeAll(async () => {
    data = await build(project, query, { key: ["n"], time: "d", split: { by: "time", test: 0.25 } });
  });

  test.each([
    ["c", ["k0", "k1", "k2", "k3", "null"]],
    ["b", ["false", "true"]],
    ["f", ["0", "0.5", "1"]],
    ["n", ["[0, 74)", "[74, 149)", "[149, 224)", "[224, 299]"]],
    ["x", ["[0, 10.5714)", "[10.5714, 21.2857)", "[21.2857, 32)", "[32, 42.7143]"]],
    ["m", ["[0, 74)", "[74, 148)", "[148, 224)", "[224, 298]", "null"]],
    ["e", ["0.5", "null"]],
    ["many", ["[1, 149)", "[149, 299]"]],
    [
      "d",
      ["[2001-01-01, 2001-03-16)", "[2001-03-16, 2001-05-30)", "[2001-05-30, 2001-08-13)", "[2001-08-13, 2001-10-27]"],
    ],
  ])("of %s", async (column, levels) => {
    const groups = await loadGroups(project.store, data.train, column);
    expect(groups.levels).toEqual(levels);
    expect(new Set(groups.codes)).toEqual(new Set(levels.keys()));
    expect(groups.codes).toHaveLength(300);
  });

  test("their rows are those of the table", async () => {
    const groups = await loadGroups(project.store, data.train, "c");
    const table = await loadTable(project.store, data.train, {
      features: data.features,
      target: "y",
      task: "regression",
      classes: [],
    });
    const texts = table.features.find(({ name }) => name === "c");
    for (const [row, code] of groups.codes.entries()) {
      const text = texts ? cell(texts, row) : undefined;
      expect(groups.levels[code]).toBe(text === "" ? "null" : text);
    }
  });

  test("an unknown column is refused", async () => {
    await expect(loadGroups(project.store, data.train, "zz")).rejects.toThrow("has no column zz");
  });
});
