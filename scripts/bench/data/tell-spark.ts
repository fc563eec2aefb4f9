import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { openThriftSession, readEndpoint } from "../../../pipelines/data/engines/spark/thrift-session.ts";
import { type SparkServer, startSpark } from "../../../test/servers/spark.ts";
import { stageEnvironment } from "../../demo/scratch-repository.ts";
import { machine, tellSection } from "../page.ts";
import { secondsByPurpose, statementsIn, type WatchedRun, watchRun } from "./watch-run.ts";

/** So many days are trained on; a week more is what drift is looked for in. */
const [days, weekDays] = [200, 7];
const window = { start: "2001-01-01", end: "2001-07-20", weekEnd: "2001-07-27" };
const goalMib = 1024;

/** Ten columns: a key, the time, integers, numbers of some digits and one of all, some missing, a category, the target. */
const columns = ["ride_id", "started_at", "distance", "hour", "weekday", "zone", "passengers", "surcharge", "wind"];
const query = (from: string) => `SELECT ${columns.join(", ")}, minutes FROM ${from}
WHERE started_at >= $start AND started_at < $end\n`;

/** `rows` of them in the first 200 days, made by Spark: a row's values are a function of its number. */
function rideTable(rows: number, random: (salt: number) => string): string {
  const all = Math.round((rows / days) * (days + weekDays));
  const micros = Math.round((days * 86_400e6) / rows);
  return `SELECT id AS ride_id, timestamp_micros(${Date.UTC(2001, 0, 1)}000 + id * ${micros}) AS started_at,
    round(${random(1)} * 20D + CASE WHEN id >= ${rows} THEN 4D ELSE 0D END, 2) AS distance, CAST(id % 24 AS INT) AS hour,
    CAST(id % 7 AS INT) AS weekday, concat('zone ', CAST(${random(2)} * 40D AS INT)) AS zone,
    CAST(1 + id % 4 AS INT) AS passengers, ${random(3)} AS surcharge,
    CASE WHEN id % 10 = 0 THEN NULL ELSE round(${random(4)} * 30D, 1) END AS wind,
    round(${random(1)} * 30D + ${random(3)} * 9D + CASE WHEN id % 24 IN (8, 17) THEN 6D ELSE 0D END
      + ${random(5)} * 12D + ${random(6)} * 12D, 2) AS minutes
    FROM range(${all})`;
}

/** A number from 0 to 1 for a row and a salt, by Spark's own hash. */
const random = (salt: number) => `(pmod(xxhash64(id, ${salt}), 1000003) / 1000003D)`;

const modelYaml = (name: string, engine: string, most: number) => `name: ${name}
description: Minutes of a ride
task: regression
type: gradient-boosting
seed: 1
params: { trees: 30, max_leaves: 31 }
features:
  engine: ${engine}
  query: features.sql
  window: { start: ${window.start}, end: ${window.end} }
  key: ride_id
  time: started_at
  target: minutes
  split: { by: key, test: 0.2 }
  checks:
    - { column: distance, not_null: true, between: [0, 30] }
    - { column: zone, distinct_count: { max: 100 } }
    - { column: wind, mean: { min: 5, max: 25 } }
thresholds: { primary: rmse, first_deploy: { rmse: { max: 60 } } }
drift: { query: features.sql, window: 7d, min_rows: 100 }
resources: { max_rows: ${most}, memory_gb: 4, threads: 2, timeout_minutes: 120 }
`;

/** Trains on, judges and watches many rows in Spark, and the same rows in files with DuckDB. */
export async function tellSpark(millions: number): Promise<void> {
  const [rows, most] = [millions * 1e6, millions * 1e5];
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-spark-"));
  const events = join(folder, "events");
  mkdirSync(events);
  await using server = await startSpark({
    memory: "6g",
    settings: {
      "spark.eventLog.enabled": "true",
      "spark.eventLog.dir": `file://${events}`,
      "spark.eventLog.compress": "false",
      "spark.eventLog.rolling.enabled": "false",
      "spark.sql.shuffle.partitions": "16",
    },
  });
  const made = await madeRows(server, rows);
  const repository = prepareRepository(folder, server, most);
  const env = { ...stageEnvironment, FARM_URL: server.url };
  const run = async (...args: string[]) => {
    const { stdout, ...told } = await mergeml(repository, env, args);
    process.stderr.write(`${args.join(" ")}: ${JSON.stringify({ ...told, steps: [...told.steps] })}\n`);
    return { stdout, ...told };
  };
  await run("init");
  const load = loadavg()[0]!;
  const both = {
    spark: await trainedAndWatched(run, "spark-rides"),
    duckdb: await trainedAndWatched(run, "file-rides"),
  };
  if (both.spark.fingerprint !== both.duckdb.fingerprint) throw new Error("the engines gave other rows");
  tellSection("Spark", text({ rows, made, load, events }, both));
  rmSync(folder, { recursive: true, force: true });
}

async function madeRows(server: SparkServer, rows: number): Promise<number> {
  const statements = await openThriftSession(readEndpoint(server.url, "FARM_URL"), {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
  });
  const started = performance.now();
  await statements.rows("CREATE SCHEMA features");
  await statements.rows(`CREATE TABLE features.rides USING parquet AS ${rideTable(rows, random)}`);
  await statements.close();
  return (performance.now() - started) / 1000;
}

/** Two models of the same rows: one of the table, one of its files. */
function prepareRepository(folder: string, server: SparkServer, most: number): string {
  const repository = join(folder, "repository");
  const data = join(repository, "data/rides");
  mkdirSync(data, { recursive: true });
  const table = join(server.folder, "warehouse/features.db/rides");
  for (const name of readdirSync(table).filter((each) => each.startsWith("part-")))
    linkSync(join(table, name), join(data, name));
  const write = (path: string, content: string) => {
    mkdirSync(join(repository, path, ".."), { recursive: true });
    writeFileSync(join(repository, path), content);
  };
  const source = `{ type: spark, url: { env: FARM_URL }, schemas: [features], staging: ${join(folder, "staging")} }`;
  write("mergeml.yaml", `data: [data]\nsources:\n  farm: ${source}\n`);
  for (const [name, engine, from] of [
    ["spark-rides", "farm", "features.rides"],
    ["file-rides", "duckdb", "'rides/*.parquet'"],
  ] as const) {
    write(`models/${name}/model.yaml`, modelYaml(name, engine, most));
    write(`models/${name}/features.sql`, query(from));
  }
  write(".gitignore", "data/\n.mergeml/\n");
  const git = (...args: string[]) => execFileSync("git", args, { cwd: repository, env: stageEnvironment });
  git("init", "-q", "--initial-branch=main");
  git("add", ".");
  git("commit", "-qm", "Add two models");
  return repository;
}

function mergeml(cwd: string, env: NodeJS.ProcessEnv, args: readonly string[]): Promise<WatchedRun> {
  const command = join(import.meta.dirname, "../../mergeml.ts");
  // Drift is told by the exit code, too.
  return watchRun(process.execPath, [command, ...args], { cwd, env, expect: args[0] === "drift" ? 1 : 0 });
}

interface Measured {
  run: WatchedRun;
  drift: WatchedRun;
  fingerprint: string;
  testRows: number;
  trainRows: number;
}

async function trainedAndWatched(run: (...args: string[]) => Promise<WatchedRun>, model: string): Promise<Measured> {
  const trained = await run("run", model);
  const { stdout } = await run("show", model, "--json");
  const { candidate } = JSON.parse(stdout) as {
    candidate: {
      train: { fingerprint: string; rows: number; sample_of?: { fingerprint: string } };
      test: { rows: number };
    };
  };
  const drift = await run("drift", model, "--now", window.weekEnd);
  const { train, test } = candidate;
  return {
    run: trained,
    drift,
    fingerprint: `${train.sample_of?.fingerprint} ${train.fingerprint}`,
    testRows: test.rows,
    trainRows: train.rows,
  };
}

interface About {
  rows: number;
  /** Seconds that the rows took to make. */
  made: number;
  load: number;
  events: string;
}

function text({ rows, made, load, events }: About, { spark, duckdb }: Record<"spark" | "duckdb", Measured>): string {
  const seconds = ({ started, ended }: WatchedRun) => (ended - started) / 1000;
  const inSpark = ({ started, ended }: WatchedRun) => secondsByPurpose(statementsIn(events, started, ended));
  const sum = (parts: Map<string, number>) => [...parts.values()].reduce((total, each) => total + each, 0);
  const line = (name: string, ours: WatchedRun, theirs: WatchedRun) => [
    name,
    ...[seconds(ours), sum(inSpark(ours)), seconds(ours) - sum(inSpark(ours))].map((each) => each.toFixed(1)),
    ours.peak.own.toFixed(0),
    seconds(theirs).toFixed(1),
    `${theirs.peak.own.toFixed(0)} + ${theirs.peak.started.toFixed(0)}`,
  ];
  const step = (name: string, title: string) => [
    ...[title, spark.run.steps.get(name)?.toFixed(1) ?? "–", "", "", ""],
    ...[duckdb.run.steps.get(name)?.toFixed(1) ?? "–", ""],
  ];
  const table = markdownTable([
    [
      "",
      "Spark, s",
      "inside Spark, s",
      "ours, s",
      `Node's peak, MiB (goal ${goalMib})`,
      "DuckDB, s",
      "peak: Node + its engine, MiB",
    ],
    line("`mergeml run`", spark.run, duckdb.run),
    step("features", "– query, checks, facts, split, fingerprint, sample, both files"),
    step("train", `– training on ${spark.trainRows.toLocaleString("en")} rows`),
    step("evaluate", `– evaluation on all ${spark.testRows.toLocaleString("en")} test rows`),
    line("`mergeml drift` of a week", spark.drift, duckdb.drift),
  ]);
  const parts = markdownTable([
    ["inside Spark", "`mergeml run`, s", "`mergeml drift`, s"],
    ...[...inSpark(spark.run)].map(([name, each]) => [
      name,
      each.toFixed(1),
      (inSpark(spark.drift).get(name) ?? 0).toFixed(1),
    ]),
  ]);
  return `${machine()} \`npm run bench:data -- spark --write\`: ${rows.toLocaleString("en")} rows of 10 columns that Spark 4.1.1 made in ${made.toFixed(0)} s (two cores, 6 GiB, the Thrift server, all on this machine, which had a load of ${load.toFixed(0)} from other work), a sample by key to train on, and a week more to watch; DuckDB reads the same rows from the Parquet files of that table. Spark's own time is what its event log says of each statement; both engines gave the same fingerprints.\n\n${table}\n\n${parts}`;
}
