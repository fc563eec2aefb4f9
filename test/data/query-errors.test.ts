import { expect, test } from "vitest";
import { buildFeatures } from "../../pipelines/data/build-features.ts";
import { failure, featureJob, scratchProject } from "./feature-project.ts";

const flights = "date,delay,distance\n2001-01-01,5,100\n2001-01-02,7,x\n";

test.each([
  [
    "a misspelt column",
    "SELECT\n  delay AS y,\n  'é' AS e,\n  distnce\nFROM 'flights.csv'",
    'no column "distnce" in flights.csv',
    "did you mean distance?  it has: date, delay, distance",
    { line: 4, column: 3, length: 7, lineText: "  distnce" },
  ],
  [
    "a misspelt column after a file name on the same line",
    "SELECT y FROM (SELECT delay AS y, dist FROM 'flights.csv' WHERE 'ü' < 'v') WHERE distnce > 1",
    'no column "dist" in flights.csv',
    "it has: date, delay, distance",
    { line: 1, column: 35 },
  ],
  [
    "a misspelt column behind a file name",
    "SELECT delay AS y FROM 'flights.csv' WHERE distnce > 1",
    'no column "distnce" in flights.csv',
    "it has: date",
    { line: 1, column: 44 },
  ],
  [
    "a misspelt column of two files",
    "SELECT dely AS y FROM 'flights.csv' a JOIN 'other.csv' b ON a.date = b.d",
    'no column "dely"',
    "close to it: a.delay, b.delay",
    { line: 1, column: 8 },
  ],
  [
    "a misspelt function",
    "SELECT dayofyer(date) AS y FROM 'flights.csv'",
    "Scalar Function with name dayofyer does not exist!",
    'Did you mean "dayofyear"?',
    { line: 1, column: 8, length: 8 },
  ],
  [
    "a sum of text",
    "SELECT sum(distance) AS y FROM 'flights.csv'",
    "No function matches the given name and argument types 'sum(VARCHAR)'",
    "Candidate functions",
    { line: 1, column: 8 },
  ],
  [
    "a cast that fails",
    "SELECT delay AS y,\n CAST(distance AS INTEGER) AS d FROM 'flights.csv'",
    "Could not convert string 'x' to INT32",
    undefined,
    { line: 2, column: 2 },
  ],
  [
    "a path without quotes",
    'SELECT delay AS y\nFROM lake.trips.year."a.csv"',
    'lake.trips.year."a.csv" has more parts than a database, a schema and a table or function',
    'write the path of a file in one pair of double quotes: FROM lake."trips/2024/*.parquet"',
    { line: 2, column: 6 },
  ],
  [
    "a function with a name of too many parts",
    "SELECT a.b.c.d.f(delay) AS y FROM 'flights.csv'",
    "a.b.c.d.f has more parts than a database, a schema and a table or function",
    "in one pair of double quotes",
    { line: 1, column: 8 },
  ],
  [
    "bad syntax",
    "SELECT delay AS y\nFROM 'flights.csv'\nWHERE",
    "syntax error at end of input",
    "one SELECT",
    { line: 3, column: 6 },
  ],
  [
    "a stray word",
    "SELECT a b c FROM 'flights.csv'",
    'syntax error at or near "c"',
    "one SELECT",
    { line: 1, column: 12 },
  ],
  [
    "a missing file",
    "SELECT *\nFROM 'flight.csv'",
    "no file flight.csv in the data folders",
    "did you mean 'flights.csv'?  searched: data; there are: deep/other.csv, flights.csv, other.csv",
    { line: 2, column: 6, length: 12 },
  ],
  [
    "a file of another folder",
    "SELECT * FROM 'Flights.CSV'",
    "no file Flights.CSV in the data folders",
    "did you mean 'flights.csv'?",
    { column: 15 },
  ],
  [
    "a file without quotes",
    "SELECT * FROM flights.csv",
    "there is no table flights.csv",
    "FROM 'flights.csv'",
    { column: 15 },
  ],
  ["a table", "SELECT * FROM flights", "there is no table flights", "reads files of the data folders", { column: 15 }],
  [
    "a pattern without match",
    "SELECT * FROM read_csv('*.tsv')",
    "no file *.tsv in the data folders",
    "searched: data",
    { column: 24 },
  ],
  [
    "a parameter of no window",
    "SELECT delay AS y FROM 'flights.csv' WHERE date > $start",
    "uses $start, but the model has no window",
    "add features.window",
    { column: 51, length: 6 },
  ],
  ["another parameter", "SELECT $from AS y", "the query has no parameter $from", "$start and $end", { column: 8 }],
  ["a numbered parameter", "SELECT $1 AS y", "the query has no parameter $1", "$start and $end", { column: 8 }],
  ["a question mark", "SELECT ? AS y", "the query has no parameter $1", "$start and $end", {}],
  [
    "two columns of one name",
    "SELECT delay AS y, date AS d, distance AS D FROM 'flights.csv'",
    "two columns named D",
    "AS D_2",
    {},
  ],
  [
    "two columns of a star",
    "SELECT a.delay AS y, * FROM 'flights.csv' a JOIN 'other.csv' b ON a.date = b.d",
    "two columns named delay",
    "AS delay_2",
    {},
  ],
  [
    "no rows",
    "SELECT delay AS y, distance FROM 'flights.csv' WHERE delay > 100",
    "returns no rows",
    "look at its conditions",
    { line: 1, column: 1 },
  ],
])("%s", async (_title, query, message, hint, where) => {
  const other = "d,delay\n2001-01-01,1\n";
  await using project = await scratchProject({
    "data/flights.csv": flights,
    "data/other.csv": other,
    "data/deep/other.csv": other,
  });
  const error = await failure(buildFeatures(featureJob(project, query)));
  expect(error.message).toContain(message);
  expect(error.message).not.toContain(project.root);
  expect(error.problems[0]?.hint ?? "").toContain(hint ?? "");
  expect(error.problems[0]?.where).toMatchObject({ file: "models/example/features.sql", ...where });
});

test("a query without rows names its window", async () => {
  await using project = await scratchProject({ "data/flights.csv": flights });
  const query = "SELECT delay AS y, distance FROM 'flights.csv' WHERE date >= $start AND date < $end";
  const window = { start: "2002-01-01", end: "2002-02-01" };
  const { problems } = await failure(buildFeatures(featureJob(project, query, { window })));
  expect(problems[0]?.hint).toContain("2002-01-01 to 2002-02-01 (end exclusive)");
});

test.each([
  ["dates", { start: "2001-01-02", end: "2001-01-05" }, 3],
  ["timestamps", { start: "2001-01-02T12:00:00", end: "2001-01-05T00:00:00Z" }, 2],
  ["an offset", { start: "2001-01-02T23:00:00-02:00", end: "2001-01-05" }, 1],
])("the window is half open and UTC: %s", async (_title, window, rows) => {
  await using project = await scratchProject();
  const query = `SELECT i AS y, hash(i) % 7 AS x FROM (
    SELECT i, TIMESTAMP '2001-01-01' + INTERVAL (i) HOUR AS moment FROM range(0, 240, 24) t(i)
  ) WHERE moment >= $start AND moment < $end`;
  const choice = {
    window,
    checks: [{ rows: { min: rows, max: rows } }, { rows: { min: 1000 }, severity: "block" as const }],
  };
  const result = await buildFeatures(featureJob(project, query, choice));
  expect(result.checks[0]).toMatchObject({ passed: true, found: `${rows} row${rows === 1 ? "" : "s"}` });
});

test.each([
  ["'big.parquet'", "big.parquet is a Git LFS pointer, not the data: its content was not fetched"],
  ["read_csv('*.csv')", "part.csv (*.csv) is a Git LFS pointer, not the data"],
])("a file that Git LFS has not fetched is named: %s", async (from, message) => {
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"7".repeat(64)}\nsize 12345\n`;
  const files = { "data/flights.csv": flights, "data/part.csv": pointer, "data/big.parquet": pointer };
  await using project = await scratchProject(files);
  const { problems } = await failure(buildFeatures(featureJob(project, `SELECT delay AS y\nFROM ${from}`)));
  expect(problems[0]).toMatchObject({ message: expect.stringContaining(message), where: { line: 2 } });
  expect(problems[0]?.hint).toContain("git lfs pull");
});
