import { describe, expect, test } from "vitest";
import { type PrepareJob, sqlText } from "../../../../pipelines/data/engines/engine.ts";
import { startEngines } from "../../../../pipelines/data/engines/engines.ts";
import { UserError } from "../../../../pipelines/errors/expected-error.ts";

const source = { type: "postgres", url: { env: "SHOP_URL" }, schemas: ["features"] } as const;
// Nothing listens there: what reaches for the server fails with another error.
const env = { SHOP_URL: "postgres://reader:x@127.0.0.1:1/postgres" };
const shop = startEngines({ sources: { shop: source }, env })("shop");

function refusedJob(text: string): PrepareJob {
  const limits = { memory_gb: 1, threads: 1, seconds: 60 };
  return { sql: sqlText("models/m/features.sql", text), window: null, folders: [], limits };
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
    const error = await shop.prepare(refusedJob(query)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).problems[0]?.where).toMatchObject({ file: "models/m/features.sql" });
  });
});
