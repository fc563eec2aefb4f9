import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFeatures } from "../../pipelines/data/build-features.ts";
import { openDataFolders } from "../../pipelines/data/data-folders.ts";
import { allowQuery } from "../../pipelines/data/engines/duckdb/allow-query.ts";
import { openDuckdbSession } from "../../pipelines/data/engines/duckdb/duckdb-session.ts";
import { sqlText } from "../../pipelines/data/engines/engine.ts";
import { failure, featureJob, type Project, scratchProject } from "./feature-project.ts";

let project: Project;

/** Enough rows for several threads, in each of the two kinds of file. */
beforeAll(async () => {
  project = await scratchProject();
  const files = ["t.parquet", "t.csv"].map((name) => join(project.root, "data", name));
  using session = await openDuckdbSession({ readable: [], writable: files });
  await session.run(`CREATE TEMP TABLE t AS SELECT i, (hash(i) % 1000003) / 7.0 AS x, CAST(hash(i + 7) % 800 AS INTEGER) AS k,
    CAST(hash(i + 9) % 60000 AS INTEGER) AS h, CAST(hash(i + 5) % 5000 AS INTEGER) AS t, 'g' || hash(i + 3) % 9 AS g FROM range(500000) r(i)`);
  await session.run(`COPY t TO '${files[0]}' (FORMAT parquet, ROW_GROUP_SIZE 20000); COPY t TO '${files[1]}'`);
}, 60_000);

afterAll(() => project[Symbol.asyncDispose]());

async function fingerprints(query: string, threads: number, memory_gb: number): Promise<string[]> {
  const limits = { threads, memory_gb, seconds: 60 };
  const result = await buildFeatures({ ...featureJob(project, query), limits });
  return result.ok ? [result.train.fingerprint, result.test.fingerprint] : [];
}

describe("the same rows, whatever the threads and the memory", () => {
  test.each([
    ["sums of doubles", "SELECT k, sum(x) AS y, avg(x) AS a, stddev(x) AS s, fsum(x) AS f FROM 't.parquet' GROUP BY k"],
    ["sums of doubles in a CSV", "SELECT k, sum(x) AS y FROM 't.csv' GROUP BY k"],
    ["sums in many groups", "SELECT h, sum(x) AS y, corr(x, t) AS c FROM 't.parquet' GROUP BY h"],
    [
      "whatever came first",
      "SELECT k, any_value(x) AS y, first(i) AS f, last(i) AS l, arg_max(i, t) AS a, mode(h) AS m FROM 't.parquet' GROUP BY k",
    ],
    ["lists", "SELECT k AS y, md5(string_agg(g, '')) AS s, list(i)[3] AS l FROM 't.parquet' GROUP BY k"],
    [
      "windows over ties",
      `SELECT i, row_number() OVER (PARTITION BY k ORDER BY t // 50) AS y, lag(i) OVER (PARTITION BY g ORDER BY t) AS l,
        sum(x) OVER (PARTITION BY k ORDER BY t // 50 ROWS 3 PRECEDING) AS s FROM 't.parquet'`,
    ],
    ["a limit", "SELECT h AS y, max(x) AS x FROM 't.parquet' GROUP BY h LIMIT 700"],
    ["the first of equals", "SELECT i AS y, t FROM 't.parquet' ORDER BY t LIMIT 1003"],
    ["one of each", "SELECT DISTINCT ON (h) h, i AS y FROM 't.parquet'"],
    [
      "sums over a join",
      "SELECT a.k, sum(a.x * b.x) AS y FROM 't.parquet' a JOIN 't.parquet' b ON a.i = b.h GROUP BY a.k",
    ],
  ])(
    "%s",
    async (_title, query) => {
      const first = await fingerprints(query, 4, 1);
      expect(first).toHaveLength(2);
      expect(await fingerprints(query, 1, 2)).toEqual(first);
    },
    60_000,
  );

  test("every type comes through", async () => {
    const query = `SELECT first(i) AS y, i % 997 AS k, CAST(i % 997 AS HUGEINT) AS h, CAST(i AS DECIMAL(30, 4)) % 9 AS d,
      CAST(g AS ENUM('g0', 'g1', 'g2', 'g3', 'g4', 'g5', 'g6', 'g7', 'g8')) AS e, i % 2 = 0 AS b, NULL AS n
      FROM 't.parquet' WHERE i < 2000 GROUP BY ALL`;
    const one = { threads: 2, memory_gb: 1, seconds: 60 };
    const ordered = await buildFeatures({ ...featureJob(project, query), limits: one });
    const free = await buildFeatures({ ...featureJob(project, query.replace("first(i)", "min(i)")), limits: one });
    expect(ordered).toEqual(free);
  });

  test("a query that does not fit is told why", async () => {
    const query = "SELECT i, sum(x) OVER (ORDER BY t ROWS 3 PRECEDING) AS y, g FROM 't.parquet'";
    const limits = { threads: 2, memory_gb: 0.03, seconds: 60 };
    const { message, problems } = await failure(buildFeatures({ ...featureJob(project, query), limits }));
    expect(message).toBe("the query needs more than 0.03 GB of memory");
    expect(problems[0]?.hint).toContain("it has sum(DOUBLE) over rows, which depends on the order of rows");
    expect(problems[0]?.hint).toContain("sum(CAST(x AS DECIMAL(18, 6)))");
  });

  test.each([
    ["an unknown column", "SELECT first(x) AS y,\n nope FROM 't.parquet'", 'no column "nope" in t.parquet', 2],
    [
      "a cast that fails",
      "SELECT first(x) AS y,\n sum(CAST(g AS INTEGER)) AS s FROM 't.parquet'",
      "Could not convert",
      2,
    ],
    ["two columns of one name", "SELECT first(x) AS y, 1 AS y FROM 't.parquet'", "two columns named y", 1],
  ])("an error keeps its place: %s", async (_title, query, message, line) => {
    const error = await failure(buildFeatures(featureJob(project, query)));
    expect(error.message).toContain(message);
    expect(error.problems[0]?.where?.line).toBe(line);
  });
});

test("only what depends on the order of rows runs in order", async () => {
  const folders = await openDataFolders(project.root, ["data"]);
  using session = await openDuckdbSession({ readable: folders.map(({ path }) => path) });
  const limits = { threads: 2, memory_gb: 1, seconds: 60 };
  const window = { start: "2001-01-01", end: "2001-02-01" };
  const from = "FROM 't.csv'";
  const cases: [string, string | null][] = [
    [`SELECT x, lower(g) AS g ${from} WHERE t > 3 ORDER BY x`, null],
    [`SELECT sum(i), avg(k), min(x), median(x), count(*), sum(CAST(x AS DECIMAL(18, 6))) ${from}`, null],
    [`SELECT count(*) ${from} WHERE t > epoch($start) GROUP BY k`, null],
    ["SELECT read_csv.k, sum(i) FROM read_csv('t.csv', header = true) GROUP BY read_csv.k", null],
    [
      `SELECT rank() OVER (ORDER BY t), sum(i) OVER (PARTITION BY g ORDER BY t), max(x) OVER (ORDER BY t) ${from}`,
      null,
    ],
    [`SELECT k, (SELECT max(x) ${from}) AS m, (SELECT count(*) ${from} b WHERE b.k = a.k) AS c ${from} a`, null],
    [`SELECT list_sum([x]), list_aggregate([x, t], 'avg') ${from}`, null],
    [`${from} PIVOT (sum(i) FOR g IN ('g0', 'g1') GROUP BY k)`, null],
    [`WITH "t.csv" AS (SELECT sum(i) AS s ${from}) FROM "t.csv"`, null],
    [`SELECT a FROM 't.csv' AS f(a, b) WHERE a IN (SELECT i ${from})`, null],
    [`SELECT sum(b) FROM 't.csv' AS f(a, b)`, "sum(DOUBLE)"],
    [`SELECT geomean(x) ${from}`, "avg(DOUBLE)"],
    [`SELECT json_group_array(x) ${from}`, "string_agg(VARCHAR)"],
    [`SELECT row_number() OVER (ORDER BY i) ${from}`, "row_number()"],
    [`SELECT sum(i) OVER (ORDER BY t ROWS 3 PRECEDING) ${from}`, "sum(BIGINT) over rows"],
    [`SELECT arg_max(i, t) ${from}`, "arg_max(BIGINT, BIGINT)"],
    [`SELECT x ${from} LIMIT 3`, "LIMIT"],
    [`SELECT DISTINCT ON (k) k, x ${from}`, "DISTINCT ON"],
    [`SELECT first(x) ${from}`, "first()"],
    [`SELECT max(g COLLATE nocase) ${from}`, "a collation, under which unequal texts are equal"],
    [`SELECT ARRAY(SELECT x ${from}) AS a`, "array_agg(DOUBLE)"],
    [`FROM 't.csv' a ASOF JOIN 't.csv' b ON a.t >= b.t`, "ASOF JOIN"],
    [`SELECT a.x FROM 't.csv' a POSITIONAL JOIN 't.csv' b`, "POSITIONAL JOIN"],
  ];
  for (const [query, expected] of cases) {
    const job = { sql: sqlText("features.sql", query), window, folders, staging: project.root, limits };
    expect({ query, ordered: (await allowQuery(session, job)).ordered }).toEqual({ query, ordered: expected });
  }
}, 60_000);
