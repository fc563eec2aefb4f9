import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";
import { silentLog, systemClock } from "../../../pipelines/ports/host.ts";
import { openPredictionLog } from "../../../pipelines/serving/log/prediction-log.ts";
import { query } from "../../predictions/parquet.ts";

let folder: string;
let running: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mergeml-serving-crash-"));
});
afterEach(() => {
  running?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface Told {
  answers: number;
  kept: number;
  dropped: number;
  problem: string | null;
}

const script = join(import.meta.dirname, "log-process.ts");

/** Runs the log in a process of its own until it has told what is waited for, and gives that. */
async function runUntil(command: readonly string[], done: (told: Told) => boolean): Promise<Told> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  running = child;
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as Told;
    if (done(told)) return told;
  }
  throw new Error(`the process ended by itself: ${child.exitCode}`);
}

async function kill(): Promise<void> {
  const ended = once(running!, "exit");
  running!.kill("SIGKILL");
  await ended;
}

it("leaves whole files and nothing else to readers when it is killed while it writes", {
  timeout: 60_000,
}, async () => {
  let kept = 0;
  for (const writer of ["serve-1", "serve-2", "serve-3"]) {
    // It writes files all the time, so that a kill nearly always hits one.
    const told = await runUntil([process.execPath, script, folder, writer], ({ kept }) => kept > 15_000);
    await kill();
    kept += told.kept;
  }
  const files = readdirSync(join(folder, "rent", "2001-06-15"));
  expect(files.filter((name) => !/^serve-\d-\d+\.parquet$/.test(name))).toEqual([]);
  const [counted] = await query(
    `SELECT count(*) AS rows, count(prediction) AS predictions FROM read_parquet('${folder}/rent/*/*.parquet')`,
  );
  expect(counted?.rows).toBe(counted?.predictions);
  expect(Number(counted?.rows)).toBeGreaterThanOrEqual(kept);
  const log = openPredictionLog({
    ...{ folder, owner: { host: "here", pid: process.pid, writer: "serve-4" }, outbox: null },
    ...{ settingsOf: () => ({ sample: 1, redact: [] }), clock: systemClock, log: silentLog },
  });
  await expect.poll(() => readdirSync(join(folder, ".parts")), { timeout: 10_000 }).toEqual([]);
  await log[Symbol.asyncDispose]();
});

it("goes on answering when the disk takes no more, and counts what it drops", { timeout: 60_000 }, async () => {
  const limited = ["sh", "-c", 'ulimit -f 8 && exec "$0" "$@"', process.execPath, script, folder, "serve-1"]; // 4 KiB a file
  const told = await runUntil(limited, ({ dropped, answers }) => dropped > 5000 && answers > 200);
  expect(told).toMatchObject({ kept: 0, problem: expect.stringMatching(/^rows are dropped: |cannot be written/) });
  await kill();
  expect(readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith(".parquet"))).toEqual([]);
});
