import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freePort, scratchFolder, serverFolder } from "./start-server.ts";

/** A real Spark with its Thrift server over HTTP on a free port of the loopback; ended and removed when disposed. */
export interface SparkServer extends AsyncDisposable {
  /** Without user and password, whom it does not ask for. */
  url: string;
  /** Where its tables, its log and what it spills are. */
  folder: string;
  /** The Python that has pyspark. */
  python: string;
}

const longestStartMs = 400_000;
const environment = join(serverFolder, "spark");

interface SparkChoice {
  memory?: string;
  /** `local[1]` has one task at a time. */
  master?: string;
  /** Of Spark's own configuration; they come before those of ours. */
  settings?: Readonly<Record<string, string>>;
  /** For the Java machine. */
  java?: string;
}

/** Java that starts fast and never gets fast: it compiles plainly, and has no threads that only look after others. */
export const quickJava = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto -XX:-UsePerfData";

/**
 * For statements over some rows, most of whose time is that of getting started: one task at a time, and nothing that pays with many rows
 * alone. With Hive's own catalog, because without one every session makes a metastore of its own.
 */
const quick = {
  master: "local[1]",
  java: quickJava,
  settings: {
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.files.minPartitionNum": "1",
    "spark.sql.adaptive.enabled": "false",
    // What is compiled for a statement costs more than it saves for thousands of rows; the test of fingerprints turns it on.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.ui.explainMode": "simple",
    "spark.shuffle.compress": "false",
    "spark.shuffle.spill.compress": "false",
    "spark.sql.thriftServer.ui.retainedStatements": "10",
  },
};

/** Tables of Delta beside those of files. */
function deltaTables(): Readonly<Record<string, string>> {
  const jars = join(serverFolder, "delta/jars");
  const names = existsSync(jars) ? readdirSync(jars).filter((name) => /^io\.(?:delta|unitycatalog)_/.test(name)) : [];
  if (names.length === 0) throw new Error("run: bash scripts/install-servers.sh spark");
  return {
    "spark.jars": names.map((name) => join(jars, name)).join(","),
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.databricks.delta.snapshotPartitions": "1",
  };
}

/** As quick as `quick`, with tables of Delta. */
export function startSparkWithDelta(): Promise<SparkServer> {
  return startSpark({ ...quick, settings: { ...quick.settings, ...deltaTables() } });
}

/** Starts one; it takes about 15 seconds of two processors. `bash scripts/install-servers.sh spark` installs it. */
export async function startSpark(choice: SparkChoice = quick): Promise<SparkServer> {
  const python = join(environment, "bin/python");
  if (!existsSync(python)) throw new Error("run: bash scripts/install-servers.sh spark");
  const scratch = await scratchFolder("spark");
  const folder = scratch.path;
  mkdirSync(join(folder, "tmp"), { recursive: true });
  const port = await freePort();
  const log = join(folder, "spark.log");
  const file = openSync(log, "w");
  const child = spawn(join(environment, "bin/spark-submit"), submitArguments(folder, port, choice), {
    cwd: folder,
    detached: true,
    stdio: ["ignore", file, file],
    env: { ...process.env, SPARK_LOCAL_IP: "127.0.0.1", PATH: `${join(environment, "bin")}:${process.env.PATH}` },
  });
  closeSync(file);
  const url = `http://127.0.0.1:${port}/cliservice`;
  const stop = async () => {
    await end(child);
    await scratch[Symbol.asyncDispose]();
  };
  try {
    await untilItListens(child, log);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, folder, python, [Symbol.asyncDispose]: stop };
}

function submitArguments(
  folder: string,
  port: number,
  { memory = "1g", master = "local[2]", settings: chosen = {}, java: options = "" }: SparkChoice,
): string[] {
  const java = `${options} -Dderby.system.home=${folder}/derby -Djava.io.tmpdir=${folder}/tmp`;
  const settings = {
    "spark.ui.enabled": "false",
    "spark.sql.warehouse.dir": `${folder}/warehouse`,
    "spark.local.dir": `${folder}/tmp`,
    ...chosen,
    "spark.driver.extraJavaOptions": java,
  };
  const hive = {
    "hive.server2.transport.mode": "http",
    "hive.server2.thrift.http.port": String(port),
    "hive.server2.thrift.bind.host": "127.0.0.1",
  };
  return [
    ...["--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", "--master", master],
    ...["--driver-memory", memory],
    ...Object.entries(settings).flatMap(([name, value]) => ["--conf", `${name}=${value}`]),
    "spark-internal",
    ...Object.entries(hive).flatMap(([name, value]) => ["--hiveconf", `${name}=${value}`]),
  ];
}

async function untilItListens(child: ChildProcess, log: string): Promise<void> {
  const latest = Date.now() + longestStartMs;
  while (!readLog(log).includes("HiveThriftServer2 started")) {
    if (child.exitCode !== null || Date.now() > latest)
      throw new Error(`Spark did not start:\n${readLog(log).slice(-4000)}`);
    await pause(300);
  }
}

function readLog(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** Spark is a shell script and what it starts: its whole group ends. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const ended = once(child, "exit");
  process.kill(-child.pid, "SIGKILL");
  await ended;
}
