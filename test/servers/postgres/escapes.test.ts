import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../../../pipelines/errors/user-error.ts";
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

describe("a query is refused before any server is asked", () => {
  test.each([
    ["a file, by a function", `SELECT pg_read_file('/etc/passwd') AS x`],
    ["a file, by its schema", `SELECT pg_catalog.pg_read_file('/etc/passwd') AS x`],
    ["a file, in other letters", `SELECT PG_Read_File('/etc/passwd') AS x`],
    ["a file, by a quoted name", `SELECT "pg_read_binary_file"('/etc/passwd') AS x`],
    ["a file, by a name in code points", `SELECT U&"pg\\005fread\\005ffile"('/etc/passwd') AS x`],
    ["a folder", `SELECT * FROM pg_ls_dir('/')`],
    ["a large object", `SELECT lo_import('/etc/passwd') AS x`],
    ["a large object's bytes", `SELECT lo_get(1) AS x`],
    ["writing one", `SELECT lo_from_bytea(0, 'x') AS x`],
    ["another server", `SELECT * FROM dblink('host=127.0.0.1', 'SELECT 1') AS t(x int)`],
    ["another server, by its schema", `SELECT * FROM public.dblink('host=127.0.0.1', 'SELECT 1') AS t(x int)`],
    ["SQL in a text", `SELECT query_to_xml('SELECT * FROM secret.salaries', true, true, '') AS x`],
    ["SQL in a text of another extension", `SELECT * FROM crosstab('SELECT 1,2,3') AS t(a int, b int)`],
    ["a table by its name in a text", `SELECT table_to_xml('secret.salaries', true, true, '') AS x`],
    ["a schema by its name in a text", `SELECT schema_to_xml('secret', true, true, '') AS x`],
    ["a cursor", `SELECT cursor_to_xml('c', 1, true, true, '') AS x`],
    ["a rewriting of text search", `SELECT ts_rewrite('a'::text::tsquery, 'SELECT 1') AS x`],
    ["statistics of a text", `SELECT * FROM ts_stat('SELECT word FROM secret.salaries')`],
    ["a setting", `SELECT current_setting('data_directory') AS x`],
    ["changing a setting", `SELECT set_config('transaction_read_only', 'off', false) AS x`],
    ["a sequence", `SELECT nextval('features.numbers') AS x`],
    ["sleeping", `SELECT pg_sleep(100) AS x`],
    ["ending others", `SELECT pg_terminate_backend(1) AS x`],
    ["locking", `SELECT pg_advisory_lock(1) AS x`],
    ["telling others", `SELECT pg_notify('c', 'x') AS x`],
    ["the server's address", `SELECT inet_server_addr() AS x`],
    ["the user", `SELECT current_user AS x`],
    ["the user as a function", `SELECT * FROM current_user`],
    ["the version", `SELECT version() AS x`],
    ["the clock", `SELECT now() AS x`],
    ["the clock as a word", `SELECT current_timestamp AS x`],
    ["age from today", `SELECT age(timestamp '2001-01-01') AS x`],
    ["chance", `SELECT random() AS x`],
    ["a sample", `SELECT * FROM features.orders TABLESAMPLE bernoulli (10)`],
    ["another schema", `SELECT * FROM secret.salaries`],
    ["another schema by way of the source", `SELECT * FROM shop.secret.salaries`],
    ["another source", `SELECT * FROM other.features.orders`],
    ["a table without a schema", `SELECT * FROM salaries`],
    ["the catalogue", `SELECT * FROM pg_authid`],
    ["the catalogue by its schema", `SELECT * FROM pg_catalog.pg_shadow`],
    ["the information schema", `SELECT * FROM information_schema.tables`],
    ["temporary tables", `SELECT * FROM pg_temp.mergeml_result`],
    [
      "an expression called like the catalogue's",
      `WITH pg_authid AS (SELECT * FROM pg_authid) SELECT * FROM pg_authid`,
    ],
    ["one in another's scope", `SELECT (WITH pg_user AS (SELECT 1) SELECT 1) AS x, u.* FROM pg_user AS u`],
    ["a scalar subquery", `SELECT (SELECT word FROM secret.salaries) AS x ${from}`],
    ["a condition", `SELECT id ${from} WHERE EXISTS (SELECT FROM secret.salaries)`],
    ["an order", `SELECT id ${from} ORDER BY (SELECT max(id) FROM secret.salaries)`],
    ["a limit", `SELECT id ${from} ORDER BY id LIMIT (SELECT max(id) FROM secret.salaries)`],
    ["a window", `SELECT sum(id) OVER (PARTITION BY (SELECT max(id) FROM secret.salaries)) AS x ${from}`],
    ["a filter", `SELECT count(*) FILTER (WHERE (SELECT true FROM secret.salaries)) AS x ${from}`],
    ["a lateral join", `SELECT o.id ${from} AS o, LATERAL (SELECT * FROM secret.salaries) AS s`],
    ["the arm of a union", `SELECT id ${from} UNION ALL TABLE secret.salaries`],
    ["values", `VALUES ((SELECT word FROM secret.salaries))`],
    [
      "a recursive expression",
      `WITH RECURSIVE t AS (SELECT 1 AS x UNION ALL SELECT id FROM secret.salaries) SELECT * FROM t`,
    ],
    ["an array", `SELECT ARRAY(SELECT word FROM secret.salaries) AS x`],
    ["an index of an array", `SELECT (ARRAY[1, 2])[(SELECT max(id) FROM secret.salaries)] AS x`],
    ["a function of the schema", `SELECT * FROM features.steal()`],
    ["a writing function", `SELECT features.write() AS x`],
    ["an operator of another schema", `SELECT 1 OPERATOR(public.===) 1 AS x`],
    ["a cast to a name of the catalogue", `SELECT 'secret.salaries'::regclass::int AS x`],
    ["a type of the catalogue", `SELECT NULL::pg_authid AS x`],
    ["locking rows", `SELECT * ${from} FOR UPDATE`],
    ["writing a table", `SELECT * INTO features.copy ${from}`],
    ["an expression that writes", `WITH x AS (INSERT INTO features.writable VALUES (1) RETURNING x) SELECT * FROM x`],
    ["an expression that deletes", `WITH x AS (DELETE FROM features.orders RETURNING id) SELECT * FROM x`],
    ["a merge", `WITH x AS (UPDATE features.writable SET x = 1 RETURNING x) SELECT * FROM x`],
    ["a file by COPY", `COPY features.orders TO '/tmp/mergeml-escape'`],
    ["a program by COPY", `COPY features.orders TO PROGRAM 'id'`],
    ["a block of code", `DO $$ BEGIN PERFORM 1; END $$`],
    ["a procedure", `CALL features.write()`],
    ["an explanation that runs", `EXPLAIN ANALYZE SELECT 1`],
    ["a prepared statement", `EXECUTE x`],
    ["a second statement", `SELECT 1 AS x; DROP TABLE features.writable`],
    ["a second one behind a comment", `SELECT 1 AS x /* ; */ ; COMMIT; INSERT INTO features.writable VALUES (1)`],
    ["the end of our own statement", `SELECT 1) AS x; DROP TABLE features.writable; SELECT (1`],
    ["a parameter of ours", `SELECT $1 AS x`],
    ["XML", `SELECT xmlparse(document '<x/>') AS x`],
    ["a table of XML", `SELECT * FROM XMLTABLE('/x' PASSING '<x/>' COLUMNS y int)`],
    ["a table of JSON", `SELECT * FROM JSON_TABLE('[1]', '$[*]' COLUMNS (x int PATH '$'))`],
    ["any rows", `SELECT id ${from} LIMIT 3`],
    ["any row of each", `SELECT DISTINCT ON (city) id ${from}`],
    ["rows in any order in a list", `SELECT array_agg(id) AS x ${from}`],
    ["rows in any order in a window", `SELECT row_number() OVER () AS x ${from}`],
    ["a null character", "SELECT 1 AS x\0"],
    ["nothing", "-- nothing"],
    ["no SQL", "SELECT FROM WHERE"],
  ])("%s", async (_, query) => {
    // Nothing listens there: what reaches for the server fails with another error.
    const engine = shopEngine("postgres://reader:x@127.0.0.1:1/postgres");
    const error = await engine.prepare(shopJob(shop.staging, query)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).problems[0]?.where).toMatchObject({ file: "models/m/features.sql" });
  });
});

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
  const started = performance.now();
  await expect(shop.engine.query(job)).rejects.toThrow("the query was stopped after 0.5 s");
  expect(performance.now() - started).toBeLessThan(10_000);
  const running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mergeml' AND state = 'active'";
  await expect.poll(() => shop.server.sql(running), { timeout: 10_000 }).toBe("0");
});
