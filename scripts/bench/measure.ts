import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stageEnvironment } from "../demo/scratch-repository.ts";

export interface Measurement {
  seconds: number;
  /** Peak resident memory of the process, threads included. */
  mebibytes: number;
}

/** Runs a command once and measures wall time and peak memory. Throws when it does not exit as expected. */
export function measure(program: string, args: readonly string[], cwd: string, expect = 0): Measurement {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const hook = join(folder, "peak.mjs");
  const peak = join(folder, "peak");
  writeFileSync(
    hook,
    `import { isMainThread } from "node:worker_threads";\nimport { writeFileSync } from "node:fs";\nif (isMainThread) process.on("exit", () => writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)));\n`,
  );
  const env = { ...stageEnvironment, NODE_OPTIONS: `--import=${pathToFileURL(hook)}` };
  const started = performance.now();
  const { status, stderr, error } = spawnSync(program, args, { cwd, env, encoding: "utf8", timeout: 600_000 });
  const seconds = (performance.now() - started) / 1000;
  if (error || status !== expect)
    throw error ?? new Error(`${program} ${args.join(" ")} exited with ${status}:\n${stderr}`);
  const mebibytes = Number(readFileSync(peak, "utf8")) / 1024;
  rmSync(folder, { recursive: true });
  return { seconds, mebibytes };
}

/** The median of several runs, for short commands on a noisy machine. */
export function medianOf(runs: number, once: () => Measurement): Measurement {
  const all = Array.from({ length: runs }, once).sort((a, b) => a.seconds - b.seconds);
  const middle = all[Math.floor(runs / 2)];
  if (!middle) throw new Error("no runs");
  return middle;
}
