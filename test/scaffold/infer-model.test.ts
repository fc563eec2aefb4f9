import { describe, expect, it } from "vitest";
import { featuresSqlText, firstThreshold, modelYamlText } from "../../pipelines/scaffold/draft-model.ts";
import { inferModel } from "../../pipelines/scaffold/infer-model.ts";
import type { DataTable, TableColumn } from "../../pipelines/scaffold/table/table.ts";

const rows = 200;

/** A column of 200 rows; numbers go from 0 to as many as there are distinct ones. */
function column(
  name: string,
  kind: TableColumn["kind"],
  distinct: number,
  more: Partial<TableColumn> = {},
): TableColumn {
  const isNumber = kind === "integer" || kind === "double" || kind === "decimal";
  const span = isNumber ? { min: 3, max: 3 * distinct, whole: kind === "integer" } : null;
  const type =
    { integer: "BIGINT", double: "DOUBLE", text: "VARCHAR", date: "DATE", timestamp: "TIMESTAMP" }[kind as "integer"] ??
    kind.toUpperCase();
  return {
    name,
    kind,
    type,
    scale: 0,
    sql: null,
    distinct,
    missing: 0,
    infinite: 0,
    span,
    sorted: false,
    unnamed: false,
    ...more,
  };
}

const size = column("size", "double", 150);
const rent = column("rent", "double", 180);

function infer(columns: TableColumn[], wanted: { name?: string; target?: string } = { target: "rent" }) {
  const table: DataTable = { rows, columns, from: (name) => `'${name}'`, notes: [] };
  return inferModel("data/flats.csv", table, wanted);
}

/** What became of one column beside a feature and the target. */
function roleOf(of: TableColumn) {
  const { key, time, features, left_out } = infer([of, size, rent]);
  if (key?.name === of.name) return "key";
  if (time?.name === of.name) return "time";
  return features.some(({ name }) => name === of.name) ? "feature" : left_out.find(({ name }) => name === of.name)?.why;
}

describe("a column", () => {
  it.each<[string, TableColumn, string | RegExp]>([
    ["of an id", column("flat_id", "integer", rows), "key"],
    [
      "of an id in camel case",
      column("PassengerId", "integer", rows, { span: { min: 1, max: rows, whole: true } }),
      "key",
    ],
    ["of unique texts that are ids", column("uuid", "text", rows), "key"],
    ["of ids with gaps", column("flat_id", "text", rows - 2, { missing: 2 }), /nearly every row has its own text/],
    ["of row numbers without a name", column("column0", "integer", rows, { unnamed: true }), /numbers the rows/],
    ...["rowid", "index", "Unnamed: 0", "X", "row_names", "rownames", "Index"].map(
      (name): [string, TableColumn, string] => [
        `of row numbers called ${name}`,
        column(name, "integer", rows),
        "a row number",
      ],
    ),
    [
      "that counts the rows",
      column("nth", "integer", rows, { span: { min: 1, max: rows, whole: true } }),
      "a row number",
    ],
    [
      "that counts the rows from zero, as a fraction",
      column("n", "double", rows, { span: { min: 0, max: rows - 1, whole: true } }),
      "a row number",
    ],
    ["of unique whole numbers that are called so", column("account", "integer", rows), /every row has its own number/],
    [
      "of unique whole numbers by which the file is sorted",
      column("flat", "integer", rows, { sorted: true, span: { min: 5, max: 900_000, whole: true } }),
      /every row has its own number/,
    ],
    [
      "of unique whole numbers close to each other",
      column("flat", "integer", rows, { span: { min: 1000, max: 3000, whole: true } }),
      /every row has its own number/,
    ],
    [
      "of whole numbers that are unique by accident",
      column("income", "integer", rows, { span: { min: 9000, max: 90_000, whole: true } }),
      "feature",
    ],
    ["of unique years", column("year", "integer", rows, { span: { min: 1800, max: 1999, whole: true } }), "feature"],
    ["of unique fractions", column("weight", "double", rows), "feature"],
    ["of unique texts", column("title", "text", rows), /nearly every row has its own text/],
    ["of texts that repeat among the rows that have one", column("note", "text", 20, { missing: 100 }), "feature"],
    ["of nothing", column("void", "text", 0, { missing: rows }), "no values"],
    ["of one value", column("unit", "text", 1), "the same value in every row"],
    ["of one value or none", column("flag", "text", 1, { missing: 50 }), "feature"],
    ["of dates", column("day", "date", 150), "time"],
    [
      "of dates with gaps",
      column("sold", "date", 150, { missing: 3 }),
      /DATE: write what of it matters, e.g. month\(sold\)/,
    ],
    ["of birthdays", column("date_of_birth", "date", 150), /^DATE/],
    ["of lists", column("tags", "nested", 0, { type: "VARCHAR[]" }), /a number or a word made of it/],
  ])("%s", (_title, of, expected) => {
    const role = roleOf(of);
    expect(role).toEqual(typeof expected === "string" ? expected : expect.stringMatching(expected));
  });
});

describe("the target", () => {
  it.each<[string, TableColumn, Partial<ReturnType<typeof infer>>]>([
    ["of fractions is a regression, with few values too", column("t", "double", 4), { task: "regression" }],
    ["of many whole numbers is a regression", column("t", "integer", 40), { task: "regression" }],
    ["of few whole numbers is a classification", column("t", "integer", 3), { task: "classification", classes: 3 }],
    ["of words is a classification", column("t", "text", 60), { task: "classification", classes: 60 }],
    [
      "with gaps stays a regression, and rows without it are left out",
      column("t", "integer", 90, { missing: 30 }),
      { task: "regression", where: "t IS NOT NULL", missing_targets: 30, rows: 170 },
    ],
    [
      "of fractions leaves out NaN and infinity too",
      column("t", "double", 90, { missing: 3, infinite: 1 }),
      { where: "isfinite(t)", missing_targets: 4 },
    ],
    [
      "of whole numbers that pandas keeps as fractions names classes",
      column("t", "double", 2, { span: { min: 0, max: 1, whole: true }, missing: 1 }),
      {
        task: "classification",
        target: { name: "t", sql: "CAST(t AS BIGINT)" },
        where: "CAST(t AS BIGINT) IS NOT NULL",
      },
    ],
    [
      "that the query converts is asked for as converted",
      column("t", "double", 90, { missing: 3, sql: "CAST(nullif(t, '-') AS DOUBLE)" }),
      { where: "CAST(nullif(t, '-') AS DOUBLE) IS NOT NULL" },
    ],
  ])("%s", (_title, target, expected) => {
    expect(infer([size, target], { target: "t" })).toMatchObject(expected);
  });

  it.each<[string, TableColumn[], string, string | null]>([
    ["has its name", [column("y", "double", 90), size], "y", "its name says so"],
    ["is the last column", [size, rent], "rent", "it is the last column"],
    [
      "is no year",
      [column("species", "text", 3), column("sex", "text", 2), column("year", "integer", 3)],
      "sex",
      "no column behind it can be",
    ],
    [
      "is no date, id or note",
      [size, rent, column("sold", "date", 90), column("flat_id", "integer", rows), column("note", "text", rows)],
      "rent",
      "no column behind it can be",
    ],
  ])("that nobody named: %s", (_title, columns, name, because) => {
    expect(infer(columns, {})).toMatchObject({ target: { name }, target_because: because });
  });

  it.each<[string, TableColumn, string]>([
    ["a date", column("t", "date", 90), "t cannot be predicted: it is DATE"],
    [
      "a text that every row has its own of",
      column("t", "text", rows),
      "t cannot be predicted: nearly every row has its own text",
    ],
    ["one value", column("t", "integer", 1), "t cannot be predicted: it has the same value in every row"],
    ["another name", column("tt", "integer", 9), "no column t"],
  ])("is not %s", (_title, target, message) => {
    expect(() => infer([size, target], { target: "t" })).toThrow(message);
  });
});

describe("the files", () => {
  it("of dated rows are split by time", () => {
    const model = infer([column("Day", "date", 150), size, column("NO2", "double", 90), { ...rent, missing: 2 }]);
    const yaml = modelYamlText(model, firstThreshold("regression", 12.34501));
    expect(yaml).toContain('  time: "Day"\n  split: { by: time, test: 0.2 }');
    expect(yaml).toContain(
      "  first_deploy: { rmse: { max: 12.35 } } # naive's own score: put your business threshold here",
    );
    expect(featuresSqlText(model, "'flats.csv'")).toBe(
      `SELECT\n  "Day",\n  size,\n  "NO2",\n  rent\nFROM 'flats.csv'\nWHERE isfinite(rent) -- 2 without a target\n`,
    );
  });

  it("of dates and values alone learn from the calendar", () => {
    const model = infer([column("day", "timestamp", 150), rent]);
    expect(featuresSqlText(model, "'x.csv'")).toContain(
      "  day,\n  month(day) AS month,\n  isodow(day) AS isodow,\n  hour(day) AS hour,\n  rent\n",
    );
  });

  it("of few rows have leaves of fewer rows", () => {
    expect(modelYamlText({ ...infer([size, rent]), rows: 50 }, firstThreshold("regression", 1))).toContain(
      "min_rows_per_leaf: 6 }",
    );
    expect(modelYamlText({ ...infer([size, rent]), rows: 500 }, firstThreshold("regression", 1))).not.toContain(
      "min_rows_per_leaf",
    );
  });

  it.each([
    [1.0541, 1.055],
    [1.054, 1.054],
    [216.78, 216.8],
    [0.00012344, 0.0001235],
    [98_765.4, 98_770],
    [0, 0],
  ])("have a limit that is not below naive's %d", (naive, value) => {
    expect(firstThreshold("classification", naive)).toMatchObject({ metric: "log_loss", bound: "max", value });
  });
});
