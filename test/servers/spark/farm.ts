import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { SourceConfig } from "../../../pipelines/config/model-config.ts";
import { buildFeatures } from "../../../pipelines/data/build-features.ts";
import type { FeatureResult } from "../../../pipelines/data/dataset-store.ts";
import { type Engine, type QueryJob, sqlText } from "../../../pipelines/data/engines/engine.ts";
import { startEngines } from "../../../pipelines/data/engines/engines.ts";
import { openThriftSession, readEndpoint } from "../../../pipelines/data/engines/spark/thrift-session.ts";
import type { SparkStatements } from "../../../pipelines/data/engines/spark-sql/allow-query.ts";
import { featureJob, type ModelChoice, type Project, scratchProject } from "../../data/feature-project.ts";
import { type DatabricksDouble, startDatabricksDouble } from "../databricks-double.ts";
import { type SparkServer, startSparkWithDelta } from "../spark.ts";
import { writeGeneratedTables } from "./parity.ts";

/** What mergeml must never tell. */
export const farmSecret = "pa$$word of the farm";

const schemas = ["features"];

/** A Spark with tables, the double of a warehouse before it, and a project whose data folder has the same rows. */
export interface Farm extends AsyncDisposable {
  server: SparkServer;
  project: Project;
  /** A session of our own. */
  statements: SparkStatements;
  double: DatabricksDouble;
  /** In the project's data folder, and the same rows as a table of the schema `features`. */
  generated: string;
  /** An engine of mergeml.yaml, with other values in the environment that it names. */
  engineOf(name: "farm" | "dwh", overrides?: Readonly<Record<string, string>>): Engine;
  /** The datasets of a training; DuckDB's without an engine. */
  build(
    engine: Engine | null,
    query: string,
    choice: ModelChoice,
    more?: { max_rows?: number | undefined; pinned?: FeatureResult["sources"] },
  ): Promise<FeatureResult>;
  /** A query to prepare or to run. */
  job(query: string, seconds?: number): QueryJob;
}

export async function openFarm(): Promise<Farm> {
  const [server, project] = await Promise.all([startSparkWithDelta(), scratchProject()]);
  const generated = await writeGeneratedTables(join(project.root, "data"), 100, 20, 7);
  const open = () => openThriftSession(readEndpoint(server.url, "SPARK_URL"), {});
  const statements = await open();
  for (const statement of [
    "CREATE SCHEMA features",
    "CREATE SCHEMA private",
    "CREATE TABLE private.keys USING parquet AS SELECT 1 AS k",
    `CREATE TABLE features.generated USING parquet AS SELECT *, place * 1000 + k AS id FROM parquet.\`${generated}\``,
    "CREATE VIEW features.joined AS SELECT g.* FROM features.generated AS g JOIN private.keys AS p ON g.k = p.k",
  ])
    await statements.rows(statement);
  const volumes = join(server.folder, "volumes");
  const double = await startDatabricksDouble({ token: farmSecret, warehouse: "w1", volumes, open });
  return {
    ...{ server, project, statements, double, generated },
    engineOf: (name, overrides = {}) => engineOf({ server, double }, name, overrides),
    build: (engine, query, choice, more) => build(project, engine, query, choice, more),
    job: (query, seconds = 60) => ({
      sql: sqlText("models/x/features.sql", query),
      window: { start: "2001-01-01T00:00:00Z", end: "2002-01-01T00:00:00Z" },
      folders: [],
      limits: { memory_gb: 1, threads: 1, seconds },
      staging: mkdtempSync(join(project.root, "staging-")),
    }),
    async [Symbol.asyncDispose]() {
      await double[Symbol.asyncDispose]();
      await statements.close();
      await server[Symbol.asyncDispose]();
      await project[Symbol.asyncDispose]();
    },
  };
}

/** What mergeml.yaml says of the two, and the environment that it names. */
function engineOf(
  { server, double }: Pick<Farm, "server" | "double">,
  name: "farm" | "dwh",
  overrides: Readonly<Record<string, string>>,
): Engine {
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
  Object.assign(url, { username: "mergeml", password: farmSecret });
  const env = { FARM_URL: url.href, DBX_HOST: double.host, DBX_WAREHOUSE: "w1", DBX_TOKEN: farmSecret, ...overrides };
  return startEngines({ sources: { farm, dwh }, env })(name);
}

async function build(
  project: Project,
  engine: Engine | null,
  query: string,
  choice: ModelChoice,
  { max_rows, pinned }: Parameters<Farm["build"]>[3] = {},
): Promise<FeatureResult> {
  const job = featureJob(project, query, choice);
  const { resources } = job.model.config;
  const config = { ...job.model.config, resources: { ...resources, ...(max_rows !== undefined && { max_rows }) } };
  const limits = { memory_gb: 1, threads: 1, seconds: 120 };
  return buildFeatures({ ...job, model: { ...job.model, config }, limits, pinned, engine: engine ?? job.engine });
}

/** What was thrown, which has no credential in it. */
export async function errorOf(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => new Error("nothing was thrown"),
    (thrown: unknown) => thrown,
  );
  expect(String(error)).not.toContain(farmSecret);
  expect(JSON.stringify(error)).not.toContain(farmSecret);
  expect(JSON.stringify(error)).not.toContain(encodeURIComponent(farmSecret));
  return error as Error;
}
