import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFeatures } from "../../../pipelines/data/build-features.ts";
import type { FeatureData } from "../../../pipelines/data/dataset-store.ts";
import { EnvironmentError } from "../../../pipelines/errors/expected-error.ts";
import { failure, featureJob, type Project, scratchProject } from "../../data/feature-project.ts";
import { type MariadbServer, startMariadb } from "../mariadb.ts";
import { type PostgresServer, startPostgres } from "../postgres.ts";
import { engineWith, sourcesOf } from "./source-project.ts";

let postgres: PostgresServer;
let mariadb: MariadbServer;
let project: Project;
const password = "p4ss/of a:reader@test";

const sources = sourcesOf(`sources:
  shop: { type: postgres, url: { env: SHOP_URL }, schemas: [features] }
  till: { type: mysql, url: { env: TILL_URL }, schemas: [features] }
`);

beforeAll(async () => {
  [postgres, mariadb, project] = await Promise.all([startPostgres(), startMariadb(password), scratchProject()]);
  await postgres.sql(`
    CREATE ROLE reader LOGIN PASSWORD '${password}';
    CREATE SCHEMA features; CREATE SCHEMA private;
    CREATE TABLE features.orders AS SELECT i AS id, i % 97 * 0.5::float8 AS x, i % 97 * 1.5::float8 AS y FROM generate_series(1, 2000) AS i;
    CREATE TABLE features.hidden AS SELECT 1 AS id;
    CREATE TABLE private.salaries AS SELECT 1 AS id;
    CREATE VIEW features.slow AS SELECT o.*, pg_sleep(30)::text AS s FROM features.orders AS o;
    GRANT USAGE ON SCHEMA features, private TO reader; GRANT SELECT ON features.orders, features.slow, private.salaries TO reader;`);
  await mariadb.sql(`CREATE DATABASE features; USE features; CREATE TABLE features.orders (id INT, x DOUBLE, y DOUBLE);
    INSERT INTO features.orders SELECT seq, seq % 97 * 0.5, seq % 97 * 1.5 FROM seq_1_to_2000;
    GRANT SELECT ON features.* TO reader@localhost; GRANT SELECT ON features.* TO reader@'127.0.0.1';`);
});

afterAll(async () => {
  await postgres?.[Symbol.asyncDispose]();
  await mariadb?.[Symbol.asyncDispose]();
  await project?.[Symbol.asyncDispose]();
});

const env = () => ({ SHOP_URL: postgres.urlOf("reader", password), TILL_URL: mariadb.url });

function job(query: string, given: Readonly<Record<string, string>> = env(), seconds = 60) {
  const asked = featureJob(project, query, { key: ["id"] });
  const limits = { memory_gb: 1, threads: 2, seconds };
  return buildFeatures({ ...asked, limits, engine: engineWith(sources, given) });
}

async function built(query: string): Promise<FeatureData> {
  const result = await job(query);
  if (!result.ok) throw new Error("a check failed");
  return result;
}

test("tables of PostgreSQL and MySQL are read, joined and give the rows that they have", async () => {
  const one = await built("SELECT id, x, y FROM shop.features.orders");
  const two = await built("SELECT id, x, y FROM till.features.orders");
  const both = await built(
    "SELECT o.id, t.x, o.y FROM shop.features.orders AS o JOIN till.features.orders AS t USING (id)",
  );
  expect(one.train.rows + one.test.rows).toBe(2000);
  expect([two.train.fingerprint, both.train.fingerprint]).toEqual([one.train.fingerprint, one.train.fingerprint]);
  expect(both.sources).toEqual([
    { source: "shop", read: "database", tables: ["features.orders"] },
    { source: "till", read: "database", tables: ["features.orders"] },
  ]);
});

describe("a query that reaches out is refused", () => {
  test.each([
    [
      "a schema that is not named",
      "SELECT * FROM shop.private.salaries",
      "the schema private is not among the schemas of the source shop",
    ],
    ["the catalogue", "SELECT * FROM shop.information_schema.tables", "the schema information_schema is not among"],
    ["the server's own tables", "SELECT * FROM shop.pg_catalog.pg_authid", "the schema pg_catalog is not among"],
    ["no schema", "SELECT * FROM shop.orders", "does not say which table"],
    [
      "SQL in a text",
      "SELECT * FROM postgres_query('shop', 'SELECT 1'), shop.features.orders",
      "postgres_query may not be used",
    ],
    [
      "SQL to run",
      "SELECT * FROM mysql_execute('till', 'DROP TABLE x'), shop.features.orders",
      "mysql_execute may not be used",
    ],
    [
      "another server",
      "SELECT * FROM postgres_scan('host=10.0.0.1', 'public', 't'), shop.features.orders",
      "postgres_scan may not be used",
    ],
    ["its addresses", "SELECT * FROM duckdb_databases(), shop.features.orders", "duckdb_databases may not be used"],
    ["writing", "DELETE FROM shop.features.orders", "exactly one SELECT"],
  ])("%s", async (_title, query, message) => {
    expect((await failure(job(query))).message).toContain(message);
  });
});

const noPassword = /p4ss/;

async function trouble(query: string, given: Readonly<Record<string, string>>, seconds?: number): Promise<Error> {
  const error = await job(query, given, seconds).then(
    () => new Error("nothing was thrown"),
    (thrown: unknown) => thrown as Error,
  );
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    expect(each.message).not.toMatch(noPassword);
    expect(each.stack).not.toMatch(noPassword);
    expect(JSON.stringify(each)).not.toMatch(noPassword);
  }
  return error;
}

describe("what goes wrong is told, without the password", () => {
  test("a wrong password", async () => {
    const given = { ...env(), SHOP_URL: postgres.urlOf("reader", "p4ss-wrong") };
    const error = await trouble("SELECT * FROM shop.features.orders", given);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error.message).toContain("the source shop cannot be read: it does not let this job in");
    const other = await trouble("SELECT * FROM till.features.orders", {
      ...env(),
      TILL_URL: mariadb.url.replace("p4ss", "p4sz"),
    });
    expect(other.message).toContain("the source till cannot be read: it does not let this job in");
  });

  test("a server that is away", async () => {
    const url = (text: string) => text.replace(/:\d+\//, ":1/");
    const given = { SHOP_URL: url(env().SHOP_URL), TILL_URL: url(env().TILL_URL) };
    for (const [name, table] of [
      ["shop", "shop.features.orders"],
      ["till", "till.features.orders"],
    ]) {
      const error = await trouble(`SELECT * FROM ${table}`, given);
      expect(error).toBeInstanceOf(EnvironmentError);
      expect(error.message).toContain(`the source ${name} cannot be read: it cannot be reached`);
    }
  });

  test("a table, a schema or a right that is missing", async () => {
    expect((await trouble("SELECT * FROM shop.features.ordres", env())).message).toContain("ordres");
    const hidden = await trouble("SELECT * FROM shop.features.hidden", env());
    expect(hidden.message).toContain("whom this job signs in as may not read that");
    expect(hidden).toBeInstanceOf(EnvironmentError);
  });

  test("a query that gives no rows", async () => {
    for (const table of ["shop.features.orders", "till.features.orders"])
      expect((await trouble(`SELECT * FROM ${table} WHERE id < 0`, env())).message).toContain("returns no rows");
  });

  test("a query that takes too long: the server's statement timeout, or ours", async () => {
    const error = await trouble("SELECT id, x, y FROM shop.features.slow", env(), 8);
    expect(error.message).toMatch(/was stopped after 8 s|ended a statement at its time limit/);
  });

  test("a variable that is not set, of a source that is used, and of none that is not", async () => {
    const error = await failure(job("SELECT * FROM shop.features.orders", {}));
    expect(error.problems).toMatchObject([
      { message: "the source shop needs the environment variable SHOP_URL, which is not set", lacks: "credential" },
    ]);
    await project.write(
      "data/shop.csv",
      `id,x,y\n${Array.from({ length: 40 }, (_, i) => `${i},${i},${i}`).join("\n")}\n`,
    );
    expect((await job("SELECT shop.* FROM 'shop.csv' AS shop", {})).ok).toBe(true);
  });
});
