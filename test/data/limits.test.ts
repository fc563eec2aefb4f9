import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFeatures } from "../../pipelines/data/build-features.ts";
import { openDataFolders } from "../../pipelines/data/data-folders.ts";
import { holdResult } from "../../pipelines/data/engines/duckdb/process/open-duckdb.ts";
import { sqlText } from "../../pipelines/data/engines/engine.ts";
import { EnvironmentError, UserError } from "../../pipelines/errors/expected-error.ts";
import { EndedEarly, WatchedProcess } from "../../pipelines/ports/process/watched-process.ts";
import { failure, featureJob, type Project, scratchProject } from "./feature-project.ts";
import bombs from "./query-bombs.json" with { type: "json" };

const linux = process.platform === "linux";
const gibibyte = 2 ** 30;
let project: Project;

beforeAll(async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i},${i}`).join("\n");
  project = await scratchProject({ "data/a.csv": `x,y\n${rows}\n` });
});

afterAll(() => project[Symbol.asyncDispose]());

/** Whatever a query does, it ends as a result or as something its author can mend, and nothing is left of it. */
async function endOf(query: string, limits: { memory_gb: number; threads: number; seconds: number }) {
  const error = await buildFeatures({ ...featureJob(project, query), limits }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error !== null && !(error instanceof UserError)) throw error;
  expect(await readdir(join(project.root, ".mergeml/store/staging"))).toEqual([]);
  return error;
}

describe("a query that means harm ends within twice its limits", () => {
  const limits = { memory_gb: 0.25, threads: 2, seconds: 0.4 };

  // A query that goes on is ended by the test's limit: a process takes its time to start and to end, beside others that test.
  test.each(Object.entries(bombs))("%s", { timeout: 60_000 }, async (_name, query) => {
    const error = await endOf(query, limits);
    for (const { message } of error?.problems ?? []) expect(message.length).toBeLessThan(1000);
    const cause = error?.cause;
    if (linux && cause instanceof EndedEarly) expect(cause.end.peakBytes).toBeLessThan(2 * limits.memory_gb * gibibyte);
  });
});

describe("a limit that is reached is named, with the key that raises it", () => {
  test.each([
    ["inside of one function", "SELECT levenshtein(repeat('a', 2000000), repeat('b', 2000000)) AS y", {}],
    ["between rows", "SELECT count(*) AS y FROM range(10000000) a, range(10000000) b", {}],
  ])("time, %s", async (_title, query, choice) => {
    const limits = { memory_gb: 1, threads: 1, seconds: 0.3 };
    const error = await failure(buildFeatures({ ...featureJob(project, query, choice), limits }));
    expect(error.problems).toMatchObject([
      {
        message: "the query was stopped after 0.3 s",
        hint: "make it read less, or raise resources.timeout_minutes in model.yaml",
        where: { file: "models/example/features.sql", line: 1, column: 1 },
      },
    ]);
  });

  test("time, in what comes after the query", async () => {
    const checks = Array.from({ length: 80 }, (_, i) => ({
      column: "t",
      matches: `((a{0,30}){0,30}){0,1}b{${i + 1}}`,
    }));
    const query = "SELECT i AS y, i AS x, repeat('a', (100000 + i)::INTEGER) AS t FROM range(40) r(i)";
    const limits = { memory_gb: 1, threads: 1, seconds: 2 };
    const error = await failure(buildFeatures({ ...featureJob(project, query, { checks }), limits }));
    expect(error.message).toBe("checking the query's rows was stopped after 2 s");
  });

  test.each([
    ["inside of one function", "SELECT length(replace(repeat('a', 1000000), 'a', repeat('b', 100000))) AS y"],
    ["in a table", "SELECT list(i) AS y FROM range(100000000) t(i)"],
  ])("memory, %s", async (_title, query) => {
    const limits = { memory_gb: 0.25, threads: 1, seconds: 60 };
    const error = await failure(buildFeatures({ ...featureJob(project, query), limits }));
    expect(error.problems).toMatchObject([
      {
        message: expect.stringMatching(/^the query needs more than 0\.25 GB of memory( and its room on the disk)?$/),
        hint: expect.stringContaining("make it read less, or raise resources.memory_gb in model.yaml"),
        where: { line: 1, column: 1 },
      },
    ]);
  });

  test("memory, in what comes after the query", async () => {
    const query = "SELECT i AS y, i AS x, repeat('a', 50000) || i AS t FROM range(400) r(i)";
    const limits = { memory_gb: 0.05, threads: 1, seconds: 60 };
    const error = await failure(buildFeatures({ ...featureJob(project, query), limits }));
    expect(error.problems).toMatchObject([
      {
        message: "splitting the query's rows needs more than 0.05 GB of memory and its room on the disk",
        hint: "make it read less, or raise resources.memory_gb in model.yaml",
      },
    ]);
  });
});

test.runIf(linux)("memory that the kernel refuses, wherever the engine is, is told as such", async () => {
  const module = new URL("../../pipelines/data/engines/duckdb/process/engine-process.ts", import.meta.url);
  const job = {
    sql: sqlText("features.sql", bombs.crash_json_cast),
    window: null,
    folders: await openDataFolders(project.root, ["data"]),
    staging: project.root,
    limits: { memory_gb: 0.25, threads: 1, seconds: 20 },
  };
  const told: string[] = [];
  const errorWith = async (mebibytes: number) => {
    await using process = new WatchedProcess(module, mebibytes * 2 ** 20);
    return await holdResult(process, job).then(
      () => null,
      (thrown: unknown) => thrown,
    );
  };
  // Compiles the modules, which needs more memory than to load them.
  expect(await errorWith(880)).toBeNull();
  for (let mebibytes = 600; mebibytes <= 730; mebibytes += 10) {
    const error = await errorWith(mebibytes);
    // Too little to load the engine at all; where its library comes to lie is chance.
    const isUnloaded = error instanceof EnvironmentError && (told.length === 0 || /dlopen/.test(error.message));
    if (isUnloaded) continue;
    if (error !== null && !(error instanceof UserError)) throw error;
    if (error !== null) told.push(error.message);
  }
  expect(told).not.toEqual([]);
});

describe("processes", () => {
  test.runIf(linux)("a query that was ended leaves none", async () => {
    await endOf("SELECT count(*) AS y FROM range(10000000) a, range(10000000) b", {
      memory_gb: 2,
      threads: 1,
      seconds: 0.2,
    });
    expect(engineProcesses().filter((pid) => parentOf(pid) === process.pid)).toEqual([]); // others test beside this one
  });

  test.runIf(linux).each(["SIGKILL", "SIGTERM"] as const)("%s to mergeml ends the query's", async (signal) => {
    const program = fileURLToPath(new URL("./run-endless-query.ts", import.meta.url));
    const parent = spawn(process.execPath, [program, project.root], { stdio: ["ignore", "pipe", "inherit"] });
    const [said] = (await once(parent.stdout, "data")) as [Buffer];
    const child = Number(String(said));
    expect(engineProcesses()).toContain(child);
    parent.kill(signal);
    await once(parent, "exit");
    await expect.poll(() => engineProcesses().includes(child), { timeout: 20_000 }).toBe(false);
  });
});

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
  } catch {
    return 0; // ended meanwhile
  }
}

/** Of anybody on this machine, without those that have ended and wait for their parent to notice. */
function engineProcesses(): number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("engine-process.ts");
    } catch {
      return false; // ended meanwhile
    }
  });
}
