import { mkdir, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFeatures } from "../../pipelines/data/build-features.ts";
import { build, failure, featureJob, type Project, scratchProject } from "./feature-project.ts";

const csv = `x,y\n${Array.from({ length: 40 }, (_, i) => `${i},${i}`).join("\n")}\n`;

let project: Project;

beforeAll(async () => {
  project = await scratchProject({
    "data/a.csv": csv,
    "data/part/b.csv": csv,
    "secret.csv": csv,
    ".git/config": "token = hunter2\n",
  });
});

afterAll(() => project[Symbol.asyncDispose]());

const only = "exactly one SELECT";
const elsewhere = "may not be used in a feature query";
const path = "is an absolute path; files are found in the data folders";
const changing = "the same data must give the same dataset";

describe("a query that reaches out is refused", () => {
  test.each([
    ["a file of the system", "SELECT * FROM read_text('/proc/self/environ')", elsewhere],
    ["a file of the system as CSV", "SELECT * FROM read_csv('/etc/passwd')", path],
    ["a file of the system as a table", "SELECT * FROM '/etc/passwd'", path],
    ["a path in a list", "SELECT * FROM read_csv(['a.csv', '/etc/passwd'])", path],
    ["a home directory", "SELECT * FROM '~/.netrc'", path],
    ["a made-up path", "SELECT * FROM read_csv('/etc' || '/passwd')", "must be written out in quotes"],
    ["a path in an escape string", "SELECT * FROM read_csv(e'a.csv')", "must be in plain quotes"],
    ["a path in dollar quotes", "SELECT * FROM read_csv($$a.csv$$)", "must be in plain quotes"],
    ["a parent folder", "SELECT * FROM '../secret.csv'", "leaves its folder"],
    ["a parent folder further down", "SELECT * FROM 'part/../../secret.csv'", "leaves its folder"],
    ["a parent folder in a pattern", "SELECT * FROM read_csv('*/../../*.csv')", "leaves its folder"],
    ["a web address", "SELECT * FROM 'https://example.org/a.csv'", "is an address"],
    ["a bucket", "SELECT * FROM read_parquet('s3://bucket/a.parquet')", "is an address"],
    ["a file address", "SELECT * FROM read_csv('file:///etc/passwd')", "is an address"],
    ["a list of files", "SELECT * FROM glob('/etc/*')", elsewhere],
    ["a sniffer", "SELECT * FROM sniff_csv('/etc/passwd')", elsewhere],
    ["raw bytes", "SELECT * FROM read_blob('a.csv')", elsewhere],
    ["a query in a text", "SELECT * FROM query('SELECT 1')", elsewhere],
    ["a table by a text", "SELECT * FROM query_table('a.csv')", elsewhere],
    ["a serialized query", "SELECT * FROM json_execute_serialized_sql('{}')", elsewhere],
    ["the engine's settings", "SELECT * FROM duckdb_settings()", elsewhere],
    ["the engine's views", "SELECT * FROM duckdb_tables", "there is no table duckdb_tables"],
    ["a schema", "SELECT * FROM information_schema.tables", "there is no table information_schema.tables"],
    [
      "an out-of-sight expression",
      "SELECT (WITH duckdb_tables AS (SELECT 1) SELECT 1) FROM duckdb_tables",
      "there is no table",
    ],
    ["another database", "ATTACH '/tmp/x.db'", only],
    ["a copy to a file", "COPY (SELECT 1) TO 'data/a.csv'", only],
    ["a copy after a comment", "/* a */ -- b\nCOPY (SELECT 1) TO 'x'", only],
    ["an extension", "INSTALL httpfs", only],
    ["loading", "LOAD httpfs", only],
    ["a setting", "SET threads = 1", only],
    ["a pragma", "PRAGMA database_list", only],
    ["a call", "CALL pragma_version()", only],
    ["a table", "CREATE TABLE t AS SELECT 1", only],
    ["two statements", "SELECT 1; SELECT 2", only],
    ["a statement after one", "SELECT 1 AS y; COPY (SELECT 1) TO 'x'", only],
    ["a description", "DESCRIBE SELECT 1", "not feature queries"],
    ["a listing", "SHOW TABLES", "not feature queries"],
    ["a summary", "SUMMARIZE SELECT 1", "not feature queries"],
    ["the environment", "SELECT getenv('HOME') AS y", "getenv() is not allowed"],
    ["a setting's value", "SELECT current_setting('temp_directory') AS y", "current_setting() is not allowed"],
    ["a variable", "SELECT getvariable('a') AS y", "getvariable() is not allowed"],
    ["the file's path", "SELECT filename, y FROM 'a.csv'", "it is a path of this machine"],
    [
      "the file's path as an option",
      "SELECT * FROM read_csv('a.csv', filename = true)",
      "it is a path of this machine",
    ],
    ["the file's path as a named option", "SELECT * FROM read_csv('a.csv', filename := true)", "it is a path"],
    ["the file's path by an arrow", "SELECT * FROM read_csv('a.csv', filename => 'p')", "it is a path"],
    ["the file's path in a join", "SELECT a.x, a.y FROM 'a.csv' a JOIN 'a.csv' b USING (filename)", "it is a path"],
    [
      "settings under an expression's own name",
      "WITH pg_settings AS (FROM pg_settings) FROM pg_settings",
      "no table pg_",
    ],
    [
      "settings in the first half of a recursion",
      "WITH RECURSIVE pg_settings AS (SELECT name FROM pg_settings UNION ALL SELECT name FROM pg_settings) FROM pg_settings",
      "there is no table pg_settings",
    ],
    [
      "settings before the expression of that name",
      "WITH a AS (FROM pg_settings), pg_settings AS (SELECT 1) FROM a",
      "there is no table pg_settings",
    ],
    ["the catalogue by a macro", "SELECT format_type(23, 0) AS y", "format_type() is not allowed"],
    ["a view's text by a macro", "SELECT pg_get_viewdef(1) AS y", "pg_get_viewdef() is not allowed"],
    ["a statement's plan", "SELECT json_serialize_plan('SELECT now()', optimize := true) AS y", "nothing has judged"],
    ["a statement's tree", "SELECT json_serialize_sql('SELECT 1') AS y", "nothing has judged"],
    ["our own table", "SELECT * FROM mergeml_result", "there is no table mergeml_result"],
  ])("%s", async (_title, query, message) => {
    const error = await failure(buildFeatures(featureJob(project, query)));
    expect(error.message).toContain(message);
    expect(error.problems[0]?.where?.file).toBe("models/example/features.sql");
    expect(error.problems[0]?.hint).toBeTruthy();
    expect(await readdir(join(project.root, ".mergeml/store/staging"))).toEqual([]);
    expect(await project.store.list()).toEqual([]);
    expect((await readdir(join(project.root, "data"))).sort()).toEqual(["a.csv", "part"]);
  });
});

describe("a query that is no function of the data is refused", () => {
  test.each([
    ["chance", "SELECT random() AS y FROM 'a.csv'", "random() is not allowed"],
    ["chance in upper case and quotes", `SELECT "RANDOM"() AS y`, "random() is not allowed"],
    [
      "chance as a method",
      "SELECT y FROM 'a.csv' WHERE list_transform([1], lambda v: random())[1] > 0",
      "random() is not allowed",
    ],
    ["chance in a subquery", "SELECT (SELECT uuid()) AS y FROM 'a.csv'", "uuid() is not allowed"],
    ["chance in an expression", "WITH t AS (SELECT gen_random_uuid() AS y) FROM t", "gen_random_uuid() is not allowed"],
    ["chance in an order", "SELECT y FROM 'a.csv' ORDER BY random() LIMIT 10", "random() is not allowed"],
    ["a sequence", "SELECT nextval('s') AS y", "nextval() is not allowed"],
    ["the clock", "SELECT now() AS y", "now() is not allowed"],
    [
      "the clock as a word",
      "SELECT y FROM 'a.csv' WHERE current_timestamp > $start",
      "current_timestamp is not allowed",
    ],
    ["the day as a word", "SELECT y, current_date AS d FROM 'a.csv'", "current_date is not allowed"],
    ["today", "SELECT today() AS y", "today() is not allowed"],
    ["the local clock", "SELECT current_localtimestamp() AS y", "current_localtimestamp() is not allowed"],
    ["an age from today", "SELECT age(TIMESTAMP '2001-01-01') AS y", "age() is not allowed"],
    ["ago", "SELECT ago(INTERVAL 1 DAY) AS y", "ago() is not allowed"],
    ["a sample", "SELECT * FROM 'a.csv' TABLESAMPLE 10%", changing],
    ["a sample at the end", "SELECT * FROM 'a.csv' USING SAMPLE 3", changing],
    ["an estimate", "SELECT approx_quantile(y, 0.5) AS y FROM 'a.csv'", "approx_quantile() is not allowed"],
    [
      "an estimate by its name",
      "SELECT list_aggr(range(9), 'reservoir_quantile', 0.5) AS y",
      "reservoir_quantile is not",
    ],
    ["an aggregate by a made-up name", "SELECT list_aggr([1], 'su' || 'm') AS y", "must be written out in quotes"],
    ["the clock by a macro", "SELECT pg_conf_load_time() AS y", "pg_conf_load_time() is not allowed"],
    ["waiting by a macro", "SELECT pg_sleep(1) AS y", "pg_sleep() is not allowed"],
    ["an aggregate's memory", "SELECT sum(y) EXPORT_STATE AS y FROM 'a.csv'", "EXPORT_STATE is not allowed"],
    ["the engine's version", "SELECT version() AS y", "version() is not allowed"],
  ])("%s", async (_title, query, message) => {
    const window = { start: "2001-01-01", end: "2001-02-01" };
    const error = await failure(buildFeatures(featureJob(project, query, { window })));
    expect(error.message).toContain(message);
    expect(error.problems[0]?.where?.line).toBe(1);
  });

  test("the place of the function is underlined", async () => {
    const query = "SELECT y,\n  'é' AS e, random() AS r\nFROM 'a.csv'";
    const { problems } = await failure(buildFeatures(featureJob(project, query)));
    expect(problems[0]?.where).toMatchObject({ line: 2, column: 13, length: 6, lineText: "  'é' AS e, random() AS r" });
  });

  test("every objection is listed, in the order of the file", async () => {
    const query = "SELECT now() AS n,\n random() AS r\nFROM '../x.csv', duckdb_tables";
    const { problems } = await failure(buildFeatures(featureJob(project, query)));
    expect(problems.map(({ where }) => where?.line)).toEqual([1, 2, 3]);
  });
});

describe("the wrapper cannot be left", () => {
  test.each([
    ["closing a bracket", "SELECT 1 AS y) TO 'x' --"],
    ["two brackets", "SELECT 1) , (SELECT 2"],
    ["an open comment", "SELECT 1 AS y /*"],
    ["an open quote", "SELECT 'y"],
    ["a NUL", "SELECT 1 AS y\0; COPY (SELECT 1) TO 'x'"],
    ["nothing", " -- only a comment\n"],
    ["deep brackets", `SELECT ${"(".repeat(20_000)}1${")".repeat(20_000)} AS y`],
  ])("%s", async (_title, query) => {
    const error = await failure(buildFeatures(featureJob(project, query)));
    expect(error.problems[0]?.where?.line).toBeGreaterThan(0);
    expect(await readdir(join(project.root, ".mergeml/store/staging"))).toEqual([]);
  });

  test.each([
    ["a comment at the end", "SELECT x, y FROM 'a.csv' -- done"],
    ["semicolons at the end", "SELECT x, y FROM 'a.csv';; -- done"],
    ["FROM first", "FROM 'a.csv'"],
    ["brackets around", "(SELECT x, y FROM 'a.csv')"],
    ["double quotes", 'SELECT x, y FROM "a.csv"'],
    ["a pattern", "SELECT x, y FROM read_csv('**/*.csv')"],
    ["a folder", "SELECT a.x, b.y FROM 'a.csv' a JOIN 'part/b.csv' b USING (x)"],
    [
      "a column named like a clock",
      "WITH t AS (SELECT x, y, y AS current_date FROM 'a.csv') SELECT t.current_date AS c, x, y FROM t",
    ],
    [
      "expressions that see those before them",
      "WITH t AS (FROM 'a.csv'), u AS (WITH t AS (FROM t) FROM t) SELECT u.x, u.y FROM t JOIN u USING (x)",
    ],
    [
      "a recursive expression",
      "WITH RECURSIVE t(x, y) AS (SELECT 1, 2 UNION ALL SELECT x + 1, y + 1 FROM t WHERE x < 40) FROM t",
    ],
    ["an expression named like a file", `WITH "a.csv" AS (FROM 'a.csv') FROM "a.csv"`],
    ["an error of one's own", "SELECT x, y, CASE WHEN x < 0 THEN error('no') ELSE x END AS z FROM 'a.csv'"],
    ["a byte order mark", "\uFEFFSELECT x, y FROM 'a.csv'"],
    [
      "a chain of unions",
      Array(500).fill("SELECT x, y FROM t").join(" UNION ALL ").replace(/^/, "WITH t AS (FROM 'a.csv') "),
    ],
  ])("%s is fine", async (_title, query) => {
    await using fresh = await scratchProject({ "data/a.csv": csv, "data/part/b.csv": csv });
    expect((await build(fresh, query)).train.rows).toBeGreaterThan(0);
  });
});

describe("folders", () => {
  test("a link that leaves the data folders is refused", async () => {
    await using own = await scratchProject({ "data/a.csv": csv, "secret.csv": csv });
    await symlink(join(own.root, "secret.csv"), join(own.root, "data/link.csv"));
    const { message } = await failure(buildFeatures(featureJob(own, "SELECT x, y FROM 'link.csv'")));
    expect(message).toBe("data/link.csv is a link that leaves the data folders");
    await rm(join(own.root, "data/link.csv"));
    await symlink("/etc", join(own.root, "data/etc"));
    await expect(build(own, "SELECT x, y FROM 'a.csv'")).rejects.toThrow(
      "data/etc is a link that leaves the data folders",
    );
  });

  test("a link between data folders is fine", async () => {
    await using own = await scratchProject({ "data/a.csv": csv });
    await symlink("a.csv", join(own.root, "data/link.csv"));
    expect((await build(own, "SELECT x, y FROM 'link.csv'")).train.rows).toBeGreaterThan(0);
  });

  test.each([
    ["a link out of the repository", "linked", "is outside the repository"],
    ["a parent", "../", "is outside the repository"],
    ["an absolute folder", "/etc", "is outside the repository"],
    ["git's folder", ".git", "holds git's own files"],
    ["a folder with git's folder in it", ".", "holds git's own files"],
    ["a file", "secret.csv", "is a file"],
  ])("%s is no data folder", async (_title, folder, message) => {
    await symlink("/etc", join(project.root, "linked")).catch(() => undefined);
    const job = { ...featureJob(project, "SELECT x, y FROM 'a.csv'"), data: [folder] };
    expect((await failure(buildFeatures(job))).message).toContain(message);
  });

  test("the operator adds folders outside the repository", async () => {
    await using other = await scratchProject();
    await mkdir(join(other.root, "warehouse"));
    await writeFile(join(other.root, "warehouse/c.csv"), csv);
    const query = "SELECT x, y FROM 'c.csv'";
    const job = featureJob(project, query);
    const { message, problems } = await failure(buildFeatures({ ...job, data: ["data", "more"] }));
    expect(message).toBe("no file c.csv in the data folders");
    expect(problems[0]?.hint).toBe(
      "did you mean 'a.csv'?  searched: data, more (does not exist); there are: a.csv, part/b.csv",
    );
    const result = await buildFeatures({ ...job, extraData: [join(other.root, "warehouse")] });
    expect(result.ok).toBe(true);
  });
});

describe("limits", () => {
  test("a query that takes too long is stopped", async () => {
    const query = "SELECT sum(a.i * b.i) AS y FROM range(1000000) a(i), range(1000000) b(i)";
    const limits = { memory_gb: 1, threads: 1, seconds: 0.3 };
    const error = await failure(buildFeatures({ ...featureJob(project, query), limits }));
    expect(error.message).toBe("the query was stopped after 0.3 s");
    expect(error.problems[0]?.hint).toContain("resources.timeout_minutes");
  });

  test("a query that needs too much memory is stopped", async () => {
    const query = "SELECT list(i) AS y FROM range(100000000) t(i)";
    const limits = { memory_gb: 0.1, threads: 1, seconds: 60 };
    const error = await failure(buildFeatures({ ...featureJob(project, query), limits }));
    expect(error.message).toContain("needs more than 0.1 GB of memory");
    expect(await readdir(join(project.root, ".mergeml/store/staging"))).toEqual([]);
  });
});
