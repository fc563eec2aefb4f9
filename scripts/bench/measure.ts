import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { markdownTable } from "markdown-table";
import { stageEnvironment } from "../demo/scratch-repository.ts";

export interface Measurement {
  seconds: number;
  /** User and system time of the process, its threads and the processes it waited for. */
  processor: number;
  /** Peak resident memory of a Node process, threads included; NaN for another's. */
  mebibytes: number;
}

/** Runs a command once and measures wall time and peak memory. Throws when it does not exit as expected. */
export function measure(
  program: string,
  args: readonly string[],
  cwd: string,
  expect = 0,
  variables: Record<string, string> = {},
): Measurement {
  const folder = mkdtempSync(join(tmpdir(), "mergeml-bench-"));
  const hook = join(folder, "peak.mjs");
  const peak = join(folder, "peak");
  writeFileSync(
    hook,
    `import { isMainThread } from "node:worker_threads";\nimport { writeFileSync } from "node:fs";\nif (isMainThread) process.on("exit", () => writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS)));\n`,
  );
  const env = { ...stageEnvironment, ...variables, NODE_OPTIONS: `--import=${pathToFileURL(hook)}` };
  const started = performance.now();
  // The shell tells what its children took, to where neither of the program's outputs goes.
  const shell = ["-c", '"$0" "$@" 3>&-; code=$?; times >&3; exit $code', program, ...args];
  const times = join(folder, "times");
  const file = openSync(times, "w");
  const { status, stderr, error } = spawnSync("sh", shell, {
    cwd,
    env,
    encoding: "utf8",
    timeout: 900_000,
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "pipe", file],
  });
  closeSync(file);
  const seconds = (performance.now() - started) / 1000;
  if (error || status !== expect)
    throw error ?? new Error(`${program} ${args.join(" ")} exited with ${status}:\n${stderr}`);
  const mebibytes = existsSync(peak) ? Number(readFileSync(peak, "utf8")) / 1024 : Number.NaN;
  const processor = secondsIn(readFileSync(times, "utf8").trim().split("\n").at(-1) ?? "");
  rmSync(folder, { recursive: true });
  return { seconds, processor, mebibytes };
}

/** `0m1.23s 0m0.45s`, user and system, together. */
function secondsIn(line: string): number {
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest),
    0,
  );
}

/** The median of several runs, for short commands on a noisy machine. */
export function medianOf(runs: number, once: () => Measurement): Measurement {
  const all = Array.from({ length: runs }, once).sort((a, b) => a.seconds - b.seconds);
  const middle = all[Math.floor(runs / 2)];
  if (!middle) throw new Error("no runs");
  return middle;
}

/** One line of the table: what we took beside what a peer took for the same, and what is wanted. */
export interface Row {
  measure: string;
  ours: string;
  /** Empty where nothing else does the same. */
  peer?: string;
  /** Ours by the peer's. */
  ratio?: number;
  goal: string;
  met: boolean | null;
}

/** Ours and a peer's time for the same, and how many times the peer's ours may take. */
export function besidePeer(
  measure: string,
  unit: "s" | "CPU s",
  ours: number,
  peer: { name: string; value: number },
  most: number | null,
): Row {
  const ratio = ours / peer.value;
  return {
    measure,
    ours: `${ours.toFixed(2)} ${unit}`,
    peer: `${peer.name} ${peer.value.toFixed(2)} ${unit}`,
    ratio,
    goal: most === null ? "–" : `≤ ${most} ×`,
    met: most === null ? null : ratio <= most,
  };
}

/** Ours alone, with a limit in each of some units. */
export function alone(measure: string, found: readonly { value: number; unit: string; most?: number }[]): Row {
  const digits = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0));
  const limits = found.filter((each) => each.most !== undefined);
  return {
    measure,
    ours: found.map(({ value, unit }) => `${digits(value)} ${unit}`).join(", "),
    goal: limits.map(({ most, unit }) => `≤ ${most} ${unit}`).join(", ") || "–",
    met: limits.length === 0 ? null : limits.every(({ value, most }) => value <= most!),
  };
}

/** measure | ours | peer | ratio | goal, with what is not met in bold. */
export function renderRows(rows: readonly Row[]): string {
  const cells = rows.map(({ measure, ours, peer = "–", ratio, goal, met }) => [
    measure,
    ours,
    peer,
    ratio === undefined ? "–" : ratio.toFixed(2),
    met === false ? `**${goal}**` : goal,
  ]);
  return markdownTable([["measure", "ours", "peer", "ratio", "goal"], ...cells], { align: ["l", "r", "r", "r", "r"] });
}

export function tellRow({ measure, ours, peer, ratio, goal, met }: Row): void {
  const beside = peer === undefined ? "" : `; ${peer}; ${ratio?.toFixed(2)}`;
  process.stdout.write(`${measure}: ${ours}${beside} (goal ${goal}${met === false ? ", missed" : ""})\n`);
}
