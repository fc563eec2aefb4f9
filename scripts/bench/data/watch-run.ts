import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A command as it was seen from outside. */
export interface WatchedRun {
  started: number;
  ended: number;
  /** Peak resident memory in MiB of the command's own process, and of the largest that it started. */
  peak: { own: number; started: number };
  /** Seconds that it said each of its steps took, by the step's name. */
  steps: ReadonlyMap<string, number>;
  stdout: string;
}

const lookMs = 50;

/** Runs a command to its end while others go on. Throws when it does not exit as expected. */
export async function watchRun(
  program: string,
  args: readonly string[],
  { expect = 0, ...options }: { cwd: string; env: NodeJS.ProcessEnv; expect?: number },
): Promise<WatchedRun> {
  const started = Date.now();
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => (stdout += text));
  child.stderr.on("data", (text) => (stderr += text));
  const peaks = new Map<number, number>();
  const timer = setInterval(() => {
    for (const pid of familyOf(child.pid!)) peaks.set(pid, Math.max(peaks.get(pid) ?? 0, peakOf(pid)));
  }, lookMs);
  const [code] = await once(child, "close");
  clearInterval(timer);
  if (code !== expect) throw new Error(`${args.join(" ")} exited with ${code}:\n${stderr}${stdout}`);
  const others = [...peaks].filter(([pid]) => pid !== child.pid).map(([, peak]) => peak);
  const peak = { own: peaks.get(child.pid!) ?? 0, started: Math.max(0, ...others) };
  return { started, ended: Date.now(), peak, steps: stepsIn(stderr), stdout };
}

/** A process and all that it started, by /proc. */
function familyOf(root: number): number[] {
  const parents = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(name)] as const);
  const family = [root];
  for (const pid of family) family.push(...parents.filter(([, parent]) => parent === pid).map(([child]) => child));
  return family;
}

function parentOf(pid: string): number {
  try {
    return Number(/\) \S (\d+) /.exec(readFileSync(join("/proc", pid, "stat"), "utf8"))?.[1]);
  } catch {
    return 0; // it has ended
  }
}

/** The most that was ever resident, MiB; the kernel keeps it, so that nothing between two looks is missed. */
function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** From lines such as `  evaluate   rmse 1.2     3.4 s`. */
function stepsIn(stderr: string): Map<string, number> {
  const lines = stderr.matchAll(/^ {2}(\S+) .* ([\d.]+) s$/gm);
  return new Map(Array.from(lines, ([, name, seconds]) => [name!, Number(seconds)] as const));
}
