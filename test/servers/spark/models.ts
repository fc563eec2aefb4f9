import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import type { DatasetRef } from "../../../pipelines/data/dataset-store.ts";
import type { ModelDrift } from "../../../pipelines/watch/drift/model-drift.ts";
import { makeScratch, type Scratch } from "../../scratch.ts";
import { quickJava } from "../spark.ts";
import type { Farm } from "./farm.ts";

/** Models that are trained on a cluster, and what becomes of them. */
export function modelTests(farm: () => Farm): void {
  test("a program trains on the cluster, on all rows, and mergeml judges its model on the whole test split", async () => {
    using scratch = makeScratch({ model: false });
    cpSync(
      join(import.meta.dirname, "../../../models/examples/spark-xgboost"),
      join(scratch.root, "models/spark-xgboost"),
      { recursive: true },
    );
    const staging = join(farm().server.folder, "staging");
    scratch.write(
      "mergeml.yaml",
      `sources:\n  farm: { type: spark, url: { env: FARM_URL }, schemas: [features], staging: ${staging} }\n`,
    );
    const yaml = readFileSync(join(scratch.root, "models/spark-xgboost/model.yaml"), "utf8");
    scratch.write(
      "models/spark-xgboost/model.yaml",
      yaml
        .replace("max_rows: 1000000", "max_rows: 1000")
        .replace("JAVA_HOME]", "JAVA_HOME, JAVA_TOOL_OPTIONS]")
        .replace("n_estimators: 60, learning_rate: 0.1", "n_estimators: 12, learning_rate: 0.5"),
    );
    scratch.git("add", ".");
    scratch.git("commit", "-qm", "Add a model");
    Object.assign(scratch.env, {
      FARM_URL: farm().server.url,
      SPARK_MASTER: "local[1]",
      JAVA_TOOL_OPTIONS: quickJava,
      PATH: `${dirname(farm().server.python)}:${scratch.env.PATH}`,
    });
    await scratch.facts(["init"]);
    await farm().statements.rows(`CREATE TABLE features.trips USING parquet AS SELECT id AS trip_id, 1 + id % 17 AS distance, id % 24 AS hour,
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

  test("a version trained on rows there is reproduced, and watched as one that was trained on their file", async () => {
    using scratch = makeScratch({ model: false });
    scratch.env.FARM_URL = farm().server.url;
    await farm().statements.rows(ridesTable);
    const table = join(farm().server.folder, "warehouse/features.db/rides");
    mkdirSync(join(scratch.root, "data"));
    for (const part of readdirSync(table).filter((name) => name.startsWith("part-")))
      copyFileSync(join(table, part), join(scratch.root, "data/rides.parquet"));
    addRides(scratch, join(farm().server.folder, "staging"));
    await scratch.facts(["init"]);
    for (const model of ["farm-ride", "file-ride"]) await scratch.facts(["run", model]);

    const [there, here] = [await driftOf(scratch, "farm-ride"), await driftOf(scratch, "file-ride")];
    expect(there.result).toEqual(here.result);
    expect(there).toMatchObject({ outcome: "drift", result: { rows: { current: 300 } } });

    // Spark's own tables are Parquet files, which have no version.
    const read = { source: "farm", read: "database", tables: ["spark_catalog.features.rides"] };
    expect(await scratch.facts(["show", "farm-ride@1"])).toMatchObject({ candidate: { sources: [read] } });
    const reproduced = () => scratch.facts(["reproduce", "farm-ride@1"]);
    expect(await reproduced()).toMatchObject({ identical: true, data: "query" });
    await farm().statements.rows(
      "INSERT INTO features.rides SELECT id + 5000, started_at, km, zone, minutes FROM features.rides",
    );
    expect(await reproduced()).toMatchObject({ identical: true, data: "store" });
    expect(readdirSync(join(farm().server.folder, "staging"))).toEqual([]);
  });
}

/** A ride an hour of 2001; from the 26th of January on they are longer. */
const ridesTable = `CREATE TABLE features.rides USING parquet AS SELECT id,
  timestamp_seconds(978307200 + id * 3600) AS started_at, 1 + id * 7 % 10 + CASE WHEN id >= 600 THEN 6 ELSE 0 END AS km,
  CASE id % 3 WHEN 0 THEN 'airport' ELSE 'city' END AS zone, CAST(3 * (1 + id * 7 % 10) + id * 7919 % 31 AS DOUBLE) AS minutes
  FROM range(900)`;

/** Two models of the same rows: one of the table, one of its file. */
function addRides(scratch: Scratch, staging: string): void {
  scratch.write(
    "mergeml.yaml",
    `data: [data]\nsources:\n  farm: { type: spark, url: { env: FARM_URL }, schemas: [features], staging: ${staging} }\n`,
  );
  for (const [name, engine, from] of [
    ["farm-ride", "farm", "features.rides"],
    ["file-ride", "duckdb", "'rides.parquet'"],
  ] as const) {
    scratch.write(
      `models/${name}/model.yaml`,
      `name: ${name}
task: regression
type: linear
seed: 1
features:
  engine: ${engine}
  query: features.sql
  window: { start: 2001-01-01, end: 2001-01-26 }
  key: id
  time: started_at
  target: minutes
  split: { by: time, test: 0.2 }
thresholds: { primary: rmse, first_deploy: { rmse: { max: 100 } } }
drift: { query: features.sql, window: 14d, min_rows: 50 }
`,
    );
    scratch.write(
      `models/${name}/features.sql`,
      `SELECT id, started_at, km, zone, minutes FROM ${from} WHERE started_at >= $start AND started_at < $end\n`,
    );
  }
  scratch.git("add", ".");
  scratch.git("commit", "-qm", "Add two models");
}

async function driftOf(scratch: Scratch, model: string): Promise<ModelDrift> {
  const { models } = await scratch.facts<{ models: [ModelDrift] }>(["drift", model, "--now", "2001-02-09"], 1);
  return models[0];
}
