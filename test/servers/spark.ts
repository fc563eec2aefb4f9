import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs";
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

/** Starts one; it takes about 15 seconds of two processors. `bash scripts/install-servers.sh spark` installs it. */
export async function startSpark({ memory = "1g" }: { memory?: string } = {}): Promise<SparkServer> {
  const python = join(environment, "bin/python");
  if (!existsSync(python)) throw new Error("run: bash scripts/install-servers.sh spark");
  const scratch = await scratchFolder("spark");
  const folder = scratch.path;
  mkdirSync(join(folder, "tmp"), { recursive: true });
  const port = await freePort();
  const log = join(folder, "spark.log");
  const child = spawn(join(environment, "bin/spark-submit"), submitArguments(folder, port, memory), {
    cwd: folder,
    detached: true,
    env: { ...process.env, SPARK_LOCAL_IP: "127.0.0.1", PATH: `${join(environment, "bin")}:${process.env.PATH}` },
  });
  const file = createWriteStream(log);
  child.stdout.pipe(file);
  child.stderr.pipe(file);
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

function submitArguments(folder: string, port: number, memory: string): string[] {
  const java = `-Dderby.system.home=${folder}/derby -Djava.io.tmpdir=${folder}/tmp`;
  const settings = {
    "spark.ui.enabled": "false",
    "spark.sql.warehouse.dir": `${folder}/warehouse`,
    "spark.local.dir": `${folder}/tmp`,
    "spark.sql.shuffle.partitions": "4",
    "spark.driver.extraJavaOptions": java,
  };
  const hive = {
    "hive.server2.transport.mode": "http",
    "hive.server2.thrift.http.port": String(port),
    "hive.server2.thrift.bind.host": "127.0.0.1",
  };
  return [
    ...["--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", "--master", "local[2]"],
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
