import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openShop, type Shop, shopEngine, shopJob, shopPassword } from "./shop.ts";

let shop: Shop;

/** What a hostile query is after: another schema's rows, files, the session, and anything that stays. */
const world = `
  CREATE EXTENSION dblink SCHEMA public; CREATE EXTENSION IF NOT EXISTS tablefunc SCHEMA public;
  CREATE TABLE features.orders AS SELECT i AS id, i * 2.5 AS amount, 'c' || i % 3 AS city FROM generate_series(1, 50) AS i;
  CREATE TABLE features.writable (x int); GRANT ALL ON features.writable TO reader;
  CREATE SEQUENCE features.numbers; GRANT ALL ON features.numbers TO reader;
  CREATE SCHEMA secret; CREATE TABLE secret.salaries AS SELECT 1 AS id, 'the secret row' AS word;
  GRANT USAGE ON SCHEMA secret TO reader; GRANT SELECT ON secret.salaries TO reader;
  CREATE TABLE public.salaries AS SELECT * FROM secret.salaries; GRANT SELECT ON public.salaries TO reader;
  CREATE FUNCTION features.steal() RETURNS SETOF secret.salaries SECURITY DEFINER LANGUAGE sql AS 'SELECT * FROM secret.salaries';
  CREATE FUNCTION features.write() RETURNS int LANGUAGE sql AS 'INSERT INTO features.writable VALUES (1) RETURNING 1';
  CREATE FUNCTION public.length(text) RETURNS int LANGUAGE sql AS 'INSERT INTO features.writable VALUES (1) RETURNING 1';
  CREATE FUNCTION public.eq(int, int) RETURNS bool LANGUAGE sql AS 'INSERT INTO features.writable VALUES (1) RETURNING true';
  CREATE OPERATOR public.=== (leftarg = int, rightarg = int, function = public.eq);
  CREATE VIEW features.writing AS SELECT features.write() AS x; GRANT SELECT ON features.writing TO reader;
  CREATE VIEW features.shared AS SELECT id FROM secret.salaries; GRANT SELECT ON features.shared TO reader;`;

beforeAll(async () => {
  shop = await openShop(world);
});

afterAll(() => shop[Symbol.asyncDispose]());

async function rowsOf(query: string): Promise<number> {
  const result = await shop.engine.query(shopJob(shop.staging, query));
  await result.close();
  return result.rows;
}

const from = "FROM features.orders";

describe("what is allowed runs", () => {
  test.each([
    ["a table by the source's name", `SELECT * FROM shop.features.orders`, 50],
    [
      "one in quotes, with a comment between",
      `SELECT * FROM "shop" /* x */ . "features" . orders AS o WHERE o.id < 4`,
      3,
    ],
    ["expressions, joins, windows and sets", everything(), 50],
    ["a view, whose owner answers for what it reads", "SELECT * FROM features.shared", 1],
    ["a function of another schema does not take the place of the server's", `SELECT length(city) AS x ${from}`, 50],
    ["SQL that ends in a comment", `SELECT id ${from} -- all of them`, 50],
  ])("%s", async (_, query, rows) => {
    expect(await rowsOf(query)).toBe(rows);
    expect(await shop.server.sql("SELECT count(*) FROM features.writable")).toBe("0");
  });
});

function everything(): string {
  return `WITH RECURSIVE steps(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM steps WHERE n < 50),
    "by city" AS (SELECT city, avg(amount) AS mean, percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) AS median
      FROM features.orders GROUP BY GROUPING SETS ((city)) HAVING count(*) > 1)
    SELECT o.id, CASE WHEN o.amount > c.mean THEN 1 ELSE 0 END AS above, coalesce(nullif(o.city, 'c0'), 'none') AS town,
      lag(o.amount) OVER w AS before, greatest(1, o.id) AS g, extract(year FROM date '2001-01-01') AS y, o.city ILIKE 'C%' AS like,
      (SELECT max(x) FROM unnest(ARRAY[1, o.id::int]) AS u(x)) AS largest, string_agg(o.city, ',') OVER w AS cities,
      o.id BETWEEN 1 AND 9 AS low, o.id IN (SELECT n FROM steps) AS counted, interval '1 day' * o.id > interval '3 days' AS long,
      timestamp '2001-01-01' AT TIME ZONE 'UTC' AS t, row(1, 2) = row(1, 2) AS same, substring(o.city FROM 1 FOR 1) AS first,
      trim(both ' ' FROM o.city) AS trimmed, position('c' IN o.city) AS at, o.city COLLATE "C" AS bytes, '{"a": 1}'::jsonb ->> 'a' AS a
    FROM features.orders AS o JOIN "by city" AS c USING (city) LEFT JOIN steps AS s ON s.n = o.id
    WINDOW w AS (PARTITION BY o.city ORDER BY o.id)`;
}

test("a transaction of ours can write nothing that lasts, whatever a query calls", async () => {
  const writing = rowsOf("SELECT * FROM features.writing");
  await expect(writing).rejects.toThrow("cannot execute INSERT in a read-only transaction");
  expect(await shop.server.sql("SELECT count(*) FROM features.writable")).toBe("0");
});

test("a schema that is not named stays out of reach although the role may read it", async () => {
  const both = shopEngine(shop.url, ["features", "secret"]);
  const result = await both.query(shopJob(shop.staging, "SELECT * FROM secret.salaries"));
  expect(result.rows).toBe(1);
  await result.close();
  await expect(rowsOf("SELECT * FROM secret.salaries")).rejects.toThrow(
    "secret.salaries is not in a schema that source shop may read",
  );
});

test.each([
  ["a superuser", "ALTER ROLE strong SUPERUSER"],
  ["a member of pg_read_server_files", "GRANT pg_read_server_files TO strong"],
  ["a member of pg_execute_server_program", "GRANT pg_execute_server_program TO strong"],
])("%s may not be who a source signs in as", async (who, grant) => {
  await shop.server.sql(`DROP ROLE IF EXISTS strong; CREATE ROLE strong LOGIN PASSWORD '${shopPassword}'; ${grant}`);
  const engine = shopEngine(shop.server.urlOf("strong", shopPassword));
  await expect(engine.query(shopJob(shop.staging, "SELECT 1 AS x"))).rejects.toThrow(`source shop signs in as ${who}`);
});

test("a text that is too long to be worked on ends as an error, and one endless query in its time", async () => {
  await expect(rowsOf("SELECT repeat('x', 5000000) AS x")).rejects.toThrow("column x has a text of 4.8 MiB");
  const endless = "WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT x FROM t) SELECT count(*) AS x FROM t";
  const job = shopJob(shop.staging, endless, { limits: { memory_gb: 1, threads: 1, seconds: 0.5 } });
  await expect(shop.engine.query(job)).rejects.toThrow("the query was stopped after 0.5 s");
  const running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mergeml' AND state = 'active'";
  await expect.poll(() => shop.server.sql(running), { timeout: 10_000 }).toBe("0");
});
