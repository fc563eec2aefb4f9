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

/** A statement that Spark ran, by its own clock: milliseconds of the epoch. */
interface RunStatement {
  statement: string;
  started: number;
  ended: number;
}

/** What statements are for, by what is in them. */
const purposes: readonly (readonly [RegExp, string])[] = [
  [/^INSERT OVERWRITE DIRECTORY.* AS `?mergeml_hash/s, "hash and side of each row, kept as Parquet"],
  [/^INSERT OVERWRITE DIRECTORY.* ORDER BY `?mergeml_hash/s, "train sample and test split, sorted, to Parquet"],
  [/^INSERT OVERWRITE DIRECTORY/, "the query, its rows kept as Parquet"],
  [/AS all_rows/, "checks"],
  [/AS missing_0|AS given|AS kept/, "facts of the columns"],
  [/HAVING count\(\*\) > 1/, "repeated keys"],
  [/AS hash_low/, "fingerprints"],
  [/AS below_0/, "size of the sample"],
];

/** What Spark's own log of events says of statements that ran from one moment to another; `folder` is `spark.eventLog.dir`. */
export function statementsIn(folder: string, from: number, to: number): RunStatement[] {
  const open = new Map<string, Omit<RunStatement, "ended">>();
  const found: RunStatement[] = [];
  for (const line of readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))) {
    if (!line.includes("SparkListenerThriftServerOperation")) continue;
    const event = JSON.parse(line) as { Event: string; id: string } & Record<string, unknown>;
    if (event.Event.endsWith("OperationStart"))
      open.set(event.id, { statement: String(event.statement), started: Number(event.startTime) });
    const begun = open.get(event.id);
    if (!begun || !event.Event.endsWith("OperationFinish")) continue;
    if (begun.started >= from && begun.started < to) found.push({ ...begun, ended: Number(event.finishTime) });
  }
  return found;
}

/** Seconds for each purpose, and of all; statements of a session run one after the other. */
export function secondsByPurpose(statements: readonly RunStatement[]): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const { statement, started, ended } of statements) {
    const purpose = purposes.find(([pattern]) => pattern.test(statement))?.[1] ?? "plans, names, settings, the rest";
    seconds.set(purpose, (seconds.get(purpose) ?? 0) + (ended - started) / 1000);
  }
  return seconds;
}
