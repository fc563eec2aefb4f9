import { cpSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DataCheck } from "../../../pipelines/config/model-config.ts";
import type { SourceConfig } from "../../../pipelines/config/source-config.ts";
import { buildFeatures } from "../../../pipelines/data/build-features.ts";
import type { DatasetRef, FeatureResult } from "../../../pipelines/data/dataset.ts";
import type { Engine } from "../../../pipelines/data/engines/engine.ts";
import { startEngines } from "../../../pipelines/data/engines/engines.ts";
import { readEndpoint } from "../../../pipelines/data/engines/spark/endpoint.ts";
import { openThriftSession } from "../../../pipelines/data/engines/spark/thrift-session.ts";
import { openSparkSession } from "../../../pipelines/data/engines/spark-sql/spark-session.ts";
import type { SparkStatements } from "../../../pipelines/data/engines/spark-sql/statements.ts";
import { openSession, quoteText } from "../../../pipelines/data/engines/tables.ts";
import { sqlText } from "../../../pipelines/data/sql-text.ts";
import { EnvironmentError } from "../../../pipelines/errors/environment-error.ts";
import { featureJob, type ModelChoice, type Project, scratchProject } from "../../data/feature-project.ts";
import { makeScratch } from "../../scratch.ts";
import { type DatabricksDouble, startDatabricksDouble } from "../databricks-double.ts";
import { type SparkServer, startSpark } from "../spark.ts";
import { freePort } from "../start-server.ts";
import { fingerprintsOf, writeGeneratedTables } from "./parity.ts";

let server: SparkServer;
let project: Project;
let statements: SparkStatements;
let double: DatabricksDouble;
/** In the project's data folder, and the same rows as a table of the schema `features`. */
let generated: string;

const secret = "pa$$word of the farm";
const schemas = ["features"];

beforeAll(async () => {
  [server, project] = await Promise.all([startSpark(), scratchProject()]);
  generated = await writeGeneratedTables(join(project.root, "data"), 100, 20, 7);
  const open = () => openThriftSession(readEndpoint(server.url, "SPARK_URL"), {});
  statements = await open();
  for (const statement of [
    "CREATE SCHEMA features",
    "CREATE SCHEMA private",
    "CREATE TABLE private.keys USING parquet AS SELECT 1 AS k",
    `CREATE TABLE features.generated USING parquet AS SELECT *, place * 1000 + k AS id FROM parquet.\`${generated}\``,
    "CREATE VIEW features.joined AS SELECT g.* FROM features.generated AS g JOIN private.keys AS p ON g.k = p.k",
  ])
    await statements.rows(statement);
  double = await startDatabricksDouble({
    token: secret,
    warehouse: "w1",
    volumes: join(server.folder, "volumes"),
    open,
  });
}, 420_000);

afterAll(async () => {
  await double?.[Symbol.asyncDispose]();
  await statements?.close();
  await server?.[Symbol.asyncDispose]();
  await project?.[Symbol.asyncDispose]();
});

/** What mergeml.yaml says of the two, and the environment that it names. */
function engineOf(name: "farm" | "dwh", overrides: Readonly<Record<string, string>> = {}): Engine {
  const farm = { type: "spark", url: { env: "FARM_URL" }, schemas, staging: join(server.folder, "staging") } as const;
  const dwh = {
    ...{
      type: "databricks",
      host: { env: "DBX_HOST" },
      warehouse: { env: "DBX_WAREHOUSE" },
      token: { env: "DBX_TOKEN" },
    },
    ...{ schemas, staging: "/Volumes/ml/staging" },
  } as SourceConfig<"databricks">;
  const url = new URL(server.url);
  Object.assign(url, { username: "mergeml", password: secret });
  const env = { FARM_URL: url.href, DBX_HOST: double.host, DBX_WAREHOUSE: "w1", DBX_TOKEN: secret, ...overrides };
  return startEngines({ sources: { farm, dwh }, env })(name);
}

async function build(
  engine: Engine | null,
  query: string,
  choice: ModelChoice,
  max_rows?: number,
): Promise<FeatureResult> {
  const job = featureJob(project, query, choice);
  const { resources } = job.model.config;
  const config = { ...job.model.config, resources: { ...resources, ...(max_rows !== undefined && { max_rows }) } };
  const limits = { memory_gb: 1, threads: 1, seconds: 120 };
  return buildFeatures({ ...job, model: { ...job.model, config }, limits, engine: engine ?? job.engine });
}

async function errorOf(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => new Error("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  expect(String(error)).not.toContain(secret);
  expect(JSON.stringify(error)).not.toContain(secret);
  expect(JSON.stringify(error)).not.toContain(encodeURIComponent(secret));
  return error as Error;
}

test("100 generated tables have the fingerprints that DuckDB gives them", async () => {
  using ours = await openSession({ readable: [join(project.root, "data")] });
  const expected = await fingerprintsOf(
    ours,
    await ours.keep("generated", `FROM read_parquet(${quoteText(generated)})`),
  );
  const staging = { url: String, prepare: async () => {}, collect: async () => {}, remove: async () => {} };
  const session = openSparkSession(statements, { staging, names: true });
  const found = await fingerprintsOf(session, `parquet.\`${generated}\``);
  expect(found.schema).toEqual(expected.schema);
  expect(found.texts).toEqual(expected.texts);
  expect(found.fingerprints).toEqual(expected.fingerprints);
  expect(new Set(found.fingerprints).size).toBe(100);
});

const columns = "f, g, i, j, b, s, m, CASE WHEN f > 1 OR f IS NULL THEN 'high' ELSE 'low' END AS y";
const checks: readonly Partial<DataCheck>[] = [
  { column: "s", not_null: true, unique: true, matches: "[a-z~0-9]*", severity: "warn" },
  { column: "f", between: [0, 1e15], min: { min: -1 }, quantile: { q: 0.5, min: 0 }, severity: "warn" },
  { column: "j", mean: { max: 9.5 }, distinct_count: { min: 20 }, compare: { column: "m", op: "<" }, severity: "warn" },
  { column: "t", between: ["2001-01-01T03:00:00+01:00", null], severity: "warn" },
  { column: "b", in_set: [true], mean: { max: 1 }, severity: "warn" },
];

const choices: [string, ModelChoice, number | undefined][] = [
  [
    "by key",
    { key: ["id"], time: "t", task: "classification", target: "y", checks, split: { by: "key", test: 0.3 } },
    undefined,
  ],
  [
    "by time",
    { key: ["id"], time: "t", task: "classification", target: "y", checks, split: { by: "time", test: 0.25 } },
    undefined,
  ],
  [
    "by group, of a sample",
    { key: ["id"], time: "t", task: "classification", target: "y", split: { by: "key", test: 0.3, group: "place" } },
    500,
  ],
];

describe.each(choices)("a training's datasets split %s", (title, choice, max_rows) => {
  const from = `SELECT id, place, t, ${columns} FROM features.generated WHERE t IS NOT NULL AND m IS NOT NULL`;
  const file = from.replace("features.generated", "(SELECT *, place * 1000 + k AS id FROM 'generated.parquet')");
  // Both run the same SQL; Databricks without sessions is worth one case.
  const names = title === "by time" ? (["farm", "dwh"] as const) : (["farm"] as const);
  test(`are the same from ${names.join(" and ")} and from DuckDB`, async () => {
    const expected = await build(null, file, choice, max_rows);
    expect(expected.ok).toBe(true);
    const { checks: ours, ...rest } = expected;
    for (const name of names) {
      const { checks: theirs, ...found } = await build(engineOf(name), from, choice, max_rows);
      expect(found).toEqual(rest);
      expect(withoutTypes(theirs)).toEqual(withoutTypes(ours));
    }
    expect(readdirSync(join(server.folder, "staging"))).toEqual([]);
    if (names.length > 1) expect(readdirSync(join(server.folder, "volumes/ml/staging"))).toEqual([]);
  });
});

test("a program trains on the cluster, on all rows, and mergeml judges its model on the whole test split", async () => {
  using scratch = makeScratch({ model: false });
  cpSync(
    join(import.meta.dirname, "../../../models/examples/spark-xgboost"),
    join(scratch.root, "models/spark-xgboost"),
    { recursive: true },
  );
  const staging = join(server.folder, "staging");
  scratch.write(
    "mergeml.yaml",
    `sources:\n  farm: { type: spark, url: { env: FARM_URL }, schemas: [features], staging: ${staging} }\n`,
  );
  const yaml = readFileSync(join(scratch.root, "models/spark-xgboost/model.yaml"), "utf8");
  scratch.write(
    "models/spark-xgboost/model.yaml",
    yaml
      .replace("max_rows: 1000000", "max_rows: 1000")
      .replace("n_estimators: 60, learning_rate: 0.1", "n_estimators: 12, learning_rate: 0.5"),
  );
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Add a model");
  Object.assign(scratch.env, {
    FARM_URL: server.url,
    SPARK_MASTER: "local[1]",
    PATH: `${dirname(server.python)}:${scratch.env.PATH}`,
  });
  await scratch.facts(["init"]);
  await statements.rows(`CREATE TABLE features.trips USING parquet AS SELECT id AS trip_id, 1 + id % 17 AS distance, id % 24 AS hour,
    1 + id % 7 AS weekday, CASE id % 5 WHEN 0 THEN 'airport' ELSE 'city' END AS zone, 1 + id % 4 AS passengers,
    CAST(3 * (1 + id % 17) + id % 24 / 4 + CASE id % 5 WHEN 0 THEN 15 ELSE 0 END AS DOUBLE) AS minutes FROM range(5000)`);
  const { stdout, stderr, code } = await scratch.mergeml("run", "spark-xgboost");
  expect(code, stderr + stdout).toBe(0);
  expect(stdout).toContain("spark-xgboost v1 is in production");
  const rows = /rows=(\d+)@0/.exec(stderr)?.[1];
  const { candidate } = await scratch.facts<{ candidate: { train: DatasetRef } }>(["show", "spark-xgboost"]);
  expect(candidate.train.rows).toBeLessThanOrEqual(1000);
  expect(candidate.train.sample_of?.rows).toBe(Number(rows));
  expect(readdirSync(staging)).toEqual([]);
}, 400_000);

/** Means of floating point differ in their last digits. */
function withoutTypes(found: FeatureResult["checks"]) {
  return found.map(({ found: text, ...check }) => ({ ...check, found: text.replace(/(\d\.\d{9})\d+/g, "$1") }));
}

const job = (query: string, seconds = 60) => ({
  sql: sqlText("models/x/features.sql", query),
  window: { start: "2001-01-01T00:00:00Z", end: "2002-01-01T00:00:00Z" },
  folders: [],
  limits: { memory_gb: 1, threads: 1, seconds },
});

describe("a query reaches nothing but the tables and views of its schemas", () => {
  test("a view there may read others, which is its owner's affair", async () => {
    const prepared = await engineOf("farm").prepare(
      job("SELECT id, f FROM features.joined WHERE t >= $start AND t < $end"),
    );
    expect(prepared.parameters).toEqual(["start", "end"]);
    expect(prepared.columns.map(({ type }) => type)).toEqual(["int", "double"]);
  });

  test.each([
    ["another schema's table", "SELECT * FROM private.keys", "reads spark_catalog.private.keys"],
    [
      "one in a subquery",
      "SELECT id FROM features.generated WHERE k IN (SELECT k FROM private.keys)",
      "reads spark_catalog.private.keys",
    ],
    [
      "one beside a view",
      "SELECT j.id FROM features.joined AS j, private.keys AS p",
      "reads spark_catalog.private.keys",
    ],
    ["a file in the working folder", "SELECT * FROM parquet.`generated`", "reads files by their path"],
    [
      "a path in a name of three parts",
      "SELECT * FROM spark_catalog.parquet.`/etc/passwd`",
      "reads files by their path",
    ],
    ["what there is not", "SELECT id FROM features.nothing", "`features`.`nothing` cannot be found"],
    ["a column that there is not", "SELECT id,\n  nothing FROM features.generated", "`nothing` cannot be resolved"],
    ["who asks", "SELECT id, user AS u FROM features.generated", "current_user is not taken"],
    ["two columns of one name", "SELECT id, f AS ID FROM features.generated", "two columns named"],
  ])("%s", async (_title, query, message) => {
    const error = await errorOf(engineOf("farm").prepare(job(query)));
    expect(error).toMatchObject({ name: "UserError", message: expect.stringContaining(message) });
  });
});

describe("what fails is told, without a credential", () => {
  const query = "SELECT id, f FROM features.generated";
  const staging = () => mkdtempSync(join(project.root, "staging-"));

  test("another schema's table in a warehouse", async () => {
    const error = await errorOf(engineOf("dwh").prepare(job("SELECT * FROM private.keys")));
    expect(error).toMatchObject({
      name: "UserError",
      message: expect.stringContaining("reads spark_catalog.private.keys"),
    });
  });

  test("a value that the query cannot convert, in the query", async () => {
    const error = await errorOf(
      engineOf("farm").query({
        ...job("SELECT id,\n CAST(s AS INT) AS n FROM features.generated"),
        staging: staging(),
      }),
    );
    expect(error).toMatchObject({ name: "UserError", problems: [{ where: { file: "models/x/features.sql" } }] });
    expect(error.message).toContain("cannot be cast to");
  });

  test("a query that runs too long is stopped in the cluster too", async () => {
    // Spark looks whether a task is still wanted between the rows that it reads, of which each gives a million here.
    const slow =
      "SELECT id, max(crc32(CAST(n AS STRING))) AS f FROM features.generated LATERAL VIEW explode(sequence(1, 1000000)) s AS n GROUP BY id";
    const error = await errorOf(engineOf("farm").query({ ...job(slow, 4), staging: staging() }));
    expect(error).toMatchObject({ name: "UserError", message: "the query was stopped after 4 s" });
    const started = Date.now();
    await statements.rows("SELECT count(*) AS rows FROM features.generated");
    expect(Date.now() - started).toBeLessThan(60_000);
  });

  test("a server that is away, and one that does not let us in", async () => {
    const at = (port: number) => ({ FARM_URL: `http://u:${encodeURIComponent(secret)}@127.0.0.1:${port}/` });
    const nobody = await freePort();
    const away = await errorOf(engineOf("farm", at(nobody)).prepare(job(query)));
    expect(away).toBeInstanceOf(EnvironmentError);
    expect(away.message).toBe(`the server 127.0.0.1:${nobody} does not answer: ECONNREFUSED`);
    const guard = createServer((_request, response) => response.writeHead(401).end()).listen(0, "127.0.0.1");
    const { port } = await new Promise<AddressInfo>((resolve) =>
      guard.once("listening", () => resolve(guard.address() as AddressInfo)),
    );
    const shut = await errorOf(engineOf("farm", at(port)).prepare(job(query)));
    guard.close();
    expect(shut).toMatchObject({
      name: "UserError",
      message: expect.stringContaining("does not let us in (HTTP 401)"),
    });
    expect(JSON.stringify(shut)).toContain("FARM_URL");
  });

  test("a variable that is not set, as in a fork's job", async () => {
    expect(await errorOf(engineOf("farm", { FARM_URL: "" }).prepare(job(query)))).toMatchObject({
      name: "MissingCredential",
    });
  });

  test("a warehouse that is busy is asked again; a token that has expired is said to be", async () => {
    double.failNext(2, 503);
    await engineOf("dwh").prepare(job(query));
    double.expireToken();
    const expired = await errorOf(engineOf("dwh").prepare(job(query)));
    expect(expired).toMatchObject({
      name: "UserError",
      message: expect.stringContaining("does not let us in (HTTP 403)"),
    });
    expect(JSON.stringify(expired)).toContain("DBX_TOKEN");
  });
});
