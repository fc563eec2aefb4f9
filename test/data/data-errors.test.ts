import { describe, expect, test } from "vitest";
import { buildFeatures } from "../../pipelines/data/build-features.ts";
import {
  build,
  failure,
  featureJob,
  literalRows,
  type ModelChoice,
  scratchProject,
  twentyRows,
} from "./feature-project.ts";

async function messageOf(query: string, choice: ModelChoice = {}): Promise<{ message: string; hint: string }> {
  await using project = await scratchProject();
  const error = await failure(buildFeatures(featureJob(project, query, choice)));
  expect(await project.store.list()).toEqual([]);
  return { message: error.message, hint: error.problems.map(({ hint }) => hint).join("\n") };
}

describe("columns that cannot be features", () => {
  test.each([
    ["a date", "DATE '2001-01-01' + CAST(i AS INTEGER) AS c", "column c is DATE", "dayofyear(c)"],
    ["a timestamp", "TIMESTAMP '2001-01-01' AS c", "column c is TIMESTAMP", "epoch(c)"],
    ["a zoned timestamp", "TIMESTAMPTZ '2001-01-01' AS c", "column c is TIMESTAMP WITH TIME ZONE", "hour(c)"],
    ["a time", "TIME '10:00' AS c", "column c is TIME", "hour(c) * 60 + minute(c)"],
    ["an interval", "INTERVAL 1 DAY AS c", "column c is INTERVAL", "epoch(c)"],
    ["a list", '[1, 2] AS "my c"', "column my c is INTEGER[]", '"my c"[1]'],
    ["an array", "array_value(1, 2) AS c", "column c is INTEGER[2]", "unnest(c)"],
    ["a struct", "{'a': 1} AS c", "column c is STRUCT(a INTEGER)", "c.member"],
    ["a map", "map {'a': 1} AS c", "column c is MAP", "c['name']"],
    ["JSON", "JSON '{}' AS c", "column c is JSON", "c ->> '$.member'"],
    ["a blob", "'ab'::BLOB AS c", "column c is BLOB", "leave it out"],
    ["a bit string", "'101'::BIT AS c", "column c is BIT", "leave it out"],
  ])("%s", async (_title, column, message, instead) => {
    const error = await messageOf(twentyRows(column));
    expect(error.message).toContain(`${message}`);
    expect(error.message).toContain("cannot be a feature");
    expect(error.hint).toContain(instead);
  });
});

describe("columns that the config names in vain", () => {
  test.each<[string, ModelChoice, string, string]>([
    ["the target", { target: "Y" }, "features.target names column Y", "did you mean y?  it returns: y, x"],
    ["a key", { key: ["id"] }, "features.key names column id", "it returns: y, x"],
    ["the time", { time: "at" }, "features.time names column at", "it returns: y, x"],
    ["a slice", { slices: ["X"] }, "thresholds.slices.by names column X", "did you mean x?"],
    ["a check", { checks: [{ column: "z", not_null: true }] }, "a check names column z", "it returns: y, x"],
  ])("%s", async (_title, choice, message, hint) => {
    const error = await messageOf(twentyRows(), choice);
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });

  test("they are located in model.yaml when the caller can", async () => {
    await using project = await scratchProject();
    const job = featureJob(project, twentyRows(), { target: "z" });
    const locate = (path: readonly (string | number)[]) => ({ file: "model.yaml", line: 3, column: path.length });
    const { problems } = await failure(buildFeatures({ ...job, model: { ...job.model, locate } }));
    expect(problems[0]).toMatchObject({ key: "features.target", where: { file: "model.yaml", line: 3, column: 2 } });
  });
});

describe("targets, keys and times that cannot be used", () => {
  test.each<[string, string, ModelChoice, string]>([
    ["no features", "SELECT i AS y FROM range(20) t(i)", {}, "the query returns no features"],
    ["a null target", literalRows("(1, 2), (NULL, 3), (2, 4)", "y, x"), {}, "the target y is missing in 1 of 3 rows"],
    [
      "a NaN target",
      literalRows("(1::DOUBLE, 2), ('nan', 3), (NULL, 4)", "y, x"),
      {},
      "the target y is missing in 2 of 3 rows (1 NaN)",
    ],
    [
      "an infinite target",
      literalRows("(1::DOUBLE, 2), ('-inf', 3), (5, 4)", "y, x"),
      {},
      "the target y is infinite in 1 of 3 rows",
    ],
    [
      "a text target",
      literalRows("('a', 2), ('b', 3)", "y, x"),
      {},
      "the target y is VARCHAR, but a regression predicts a number",
    ],
    [
      "a boolean target",
      literalRows("(true, 2), (false, 3)", "y, x"),
      {},
      "the target y is BOOLEAN, but a regression predicts a number",
    ],
    ["a date target", literalRows("(DATE '2001-01-01', 2)", "y, x"), {}, "the target y is DATE"],
    [
      "classes of a decimal",
      literalRows("(1.5, 2), (2.5, 3)", "y, x"),
      { task: "classification" },
      "does not name classes",
    ],
    ["a constant target", twentyRows().replace("i AS y", "1 AS y"), {}, "the target y is the same in all"],
    [
      "one class",
      twentyRows().replace("i AS y", "'a' AS y"),
      { task: "classification" },
      "the target y is the same in all",
    ],
    [
      "too many classes",
      "SELECT i AS y, i AS x FROM range(2000) t(i)",
      { task: "classification" },
      "the target y has more than 1,000 classes",
    ],
    ["one row", literalRows("(1, 2)", "y, x"), {}, "split is empty: all 1 row went to the other side"],
    ["a null key", twentyRows("nullif(i, 3) AS id"), { key: ["id"] }, "the key id is missing in 1 of 20 rows"],
    [
      "a repeated key",
      twentyRows("i // 2 AS id"),
      { key: ["id"] },
      "the key id is not unique: 20 of 20 rows share theirs, e.g. 0",
    ],
    [
      "a repeated double key",
      twentyRows("'é' AS a, i // 2 AS b"),
      { key: ["a", "b"] },
      "the key a, b is not unique: 20 of 20 rows share theirs, e.g. é, 0",
    ],
    ["a nested key", twentyRows("[i] AS id"), { key: ["id"] }, "key column id is BIGINT[]"],
    [
      "a time that is none",
      twentyRows("i AS at"),
      { time: "at" },
      "time column at is BIGINT, not a date or a timestamp",
    ],
    [
      "a null time",
      twentyRows("nullif(DATE '2001-01-01', DATE '2001-01-01') AS at"),
      { time: "at", split: { by: "time", test: 0.2 } },
      "the time at is missing in 20 of 20 rows, and the split needs it",
    ],
    [
      "one time",
      twentyRows("DATE '2001-01-01' AS at"),
      { time: "at", split: { by: "time", test: 0.2 } },
      "the train split is empty: all 20 rows went to the other side",
    ],
  ])("%s", async (_title, query, choice, message) => {
    const error = await messageOf(query, choice);
    expect(error.message).toContain(message);
    expect(error.hint).not.toBe("");
  });

  test("everything wrong with the rows is listed at once", async () => {
    await using project = await scratchProject();
    const query = literalRows("(NULL, 1, NULL), (1, 2, 5)", "y, x, id");
    const { problems } = await failure(buildFeatures(featureJob(project, query, { key: ["id"] })));
    expect(problems).toHaveLength(2);
  });
});

describe("what can be used", () => {
  test("every kind of column finds its place", async () => {
    await using project = await scratchProject();
    const result = await build(
      project,
      `SELECT i AS id, TIMESTAMPTZ '2001-01-01 00:00:00+01' + INTERVAL (i) DAY AS at, i > 3 AS b, i::TINYINT AS t, i::UBIGINT AS u,
        sum(i) OVER () AS h, i::FLOAT AS f, i::DECIMAL(10, 3) AS d, 'a' || i AS "text é", ('x' || i % 2)::ENUM('x0', 'x1') AS e,
        '123e4567-e89b-12d3-a456-426614174000'::UUID AS uid, i * 1.5 AS y FROM range(40) t(i)`,
      { key: ["id"], time: "at" },
    );
    expect(result.features.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "b boolean",
      "t number",
      "u number",
      "h number",
      "f number",
      "d number",
      "text é category",
      "e category",
      "uid category",
    ]);
    expect(result.train.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "id integer",
      "at timestamp",
      "b boolean",
      "t integer",
      "u integer",
      "h integer",
      "f double",
      "d decimal(3)",
      "text é text",
      "e text",
      "uid text",
      "y decimal(1)",
    ]);
    expect(result.notes).toContain("h has the same value in every row");
  });

  test.each([
    ["a text", "'k' || i", "text"],
    ["a date", "DATE '2001-01-01' + i::INTEGER", "date"],
    ["a blob", "('k' || i)::BLOB", "other"],
    ["a time", "TIME '00:00' + INTERVAL (i) MINUTE", "time"],
    ["a huge integer", "i::HUGEINT * 100000000000000000000", "integer"],
    ["a double", "i / 7", "double"],
  ])("%s can be a key", async (_title, expression, type) => {
    await using project = await scratchProject();
    const { train, test: held } = await build(project, twentyRows(`${expression} AS id`), { key: ["id"] });
    expect(train.rows + held.rows).toBe(20);
    expect(train.columns[0]).toEqual({ name: "id", type });
  });

  test.each([
    ["infinities", "CASE WHEN i < 3 THEN 'inf'::DOUBLE ELSE i END", "c is infinite in 3 rows"],
    [
      "numbers too large",
      "CASE WHEN i < 1 THEN 1e300 ELSE i END",
      "c is too large for a 32-bit number in 1 row, and becomes infinite",
    ],
    ["nothing but nulls", "NULL", "c has no values at all"],
    ["nothing but NaN", "'nan'::DOUBLE", "c has no values at all"],
  ])("a note tells of %s", async (_title, expression, note) => {
    await using project = await scratchProject();
    expect((await build(project, twentyRows(`${expression} AS c`))).notes).toEqual([note]);
  });

  test("a window that the query ignores is an error", async () => {
    await using project = await scratchProject();
    const window = { start: "2001-01-01", end: "2001-02-01" };
    const job = featureJob(project, twentyRows(), { window });
    const where = { file: "models/example/model.yaml", line: 7, column: 3 };
    const error = await failure(buildFeatures({ ...job, model: { ...job.model, locate: () => where } }));
    expect(error.message).toContain("uses neither $start nor $end: it would train on everything");
    expect(error.problems).toMatchObject([{ key: "features.window", where }]);
  });

  test.each([
    ["$start", "$end", "later"],
    ["$end", "$start", "earlier"],
  ])("a query that uses %s alone is told of it", async (used, unused, rows) => {
    await using project = await scratchProject();
    const window = { start: "2001-01-01", end: "2001-02-01" };
    const query = `${twentyRows()} WHERE ${used} IS NOT NULL`;
    const note = `the query does not use ${unused}, so rows ${rows} than features.window are in the dataset too`;
    expect((await build(project, query, { window })).notes).toContain(note);
  });
});
