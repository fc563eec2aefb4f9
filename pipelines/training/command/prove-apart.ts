import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readlinkSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import type { FeatureColumn, Table } from "../../data/table.ts";
import { type Problem, UserError } from "../../errors/expected-error.ts";
import { type ApartMode, type ApartPlaces, runsApart } from "../../ports/process/apart.ts";
import { compileCacheEnvironment } from "../../ports/process/compile-cache.ts";
import type { Parity } from "../onnx/parity.ts";
import { probeRows } from "../onnx/probe.ts";
import type { ProgramEnd } from "./run-program.ts";

/** To the process, once. */
export interface ProofRequest {
  onnx: Uint8Array;
  rows: ProofRows;
}

/** From the process, once. */
export type ProofReply = { parity: Parity } | { problems: readonly Problem[] } | { failed: string };

/** A model that needs longer for some 20,000 rows is of no use to a gate. Seconds. */
const longest = 600;

/**
 * Proves a model in a process of its own, because a graph may loop for ever, take all memory or crash the runtime. Throws
 * UserError for these as for all that `proveModel` finds, after `seconds` or ten minutes at the latest.
 */
export async function proveApart(
  onnx: Uint8Array,
  table: Pick<Table, "features" | "target">,
  seconds: number,
): Promise<Parity> {
  const limit = Math.min(seconds, longest);
  const child = fork(new URL("./prove-process.ts", import.meta.url), {
    execArgv: [],
    env: compileCacheEnvironment(),
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    serialization: "advanced",
  });
  const signal = AbortSignal.timeout(limit * 1000);
  let reply: ProofReply | null = null;
  child.on("message", (message: ProofReply) => {
    reply = message;
  });
  const ended = once(child, "close", { signal });
  try {
    child.send({ onnx, rows: proofRows(table) } satisfies ProofRequest, () => {});
    await ended;
  } catch (cause) {
    if (signal.aborted) throw endless(limit, cause);
    throw cause;
  } finally {
    child.kill("SIGKILL");
  }
  return parityOf(reply, child.signalCode ?? `exit code ${child.exitCode}`);
}

function parityOf(reply: ProofReply | null, end: string): Parity {
  if (!reply) {
    const message = `The program's model.onnx ended the process that scored it (${end}).`;
    const hint = "it takes more memory than there is, or crashes ONNX Runtime; try it on some 4,000 rows";
    throw new UserError({ message, hint, key: "params.run" });
  }
  if ("problems" in reply) throw new UserError(reply.problems);
  if ("failed" in reply) throw new Error(`A program's model could not be proved: ${reply.failed}`);
  return reply.parity;
}

function endless(seconds: number, cause: unknown): UserError {
  const message = `The program's model.onnx did not score some 20,000 rows in ${Number(seconds.toPrecision(3))} seconds.`;
  const hint = "a loop in its graph may have no end; the gate scores every test row with it";
  return new UserError({ message, hint, key: "params.run" }, { cause });
}

/** Rows on which a model is proved, and what it is to predict; plain data, because it goes to another process. */
export interface ProofRows {
  features: readonly FeatureColumn[];
  /** So many of the rows are real, those before the others. */
  given: number;
  task: Table["target"]["task"];
  /** Empty for a regression. */
  classes: readonly string[];
}

/** Some rows of a table, and such as training may never have shown. */
function proofRows({ features, target }: Pick<Table, "features" | "target">): ProofRows {
  const { given, ...probe } = probeRows(features);
  const classes = target.task === "classification" ? target.classes : [];
  return { features: probe.features.map(withoutInfinity), given, task: target.task, classes };
}

/** Linear models rightly answer an infinite number with an infinite one; nothing is asked of a program there. */
function withoutInfinity(column: FeatureColumn): FeatureColumn {
  if (column.kind === "category") return column;
  return { ...column, values: column.values.map((value) => (Number.isFinite(value) ? value : Number.NaN)) };
}

type Environment = Readonly<Record<string, string | undefined>>;
type Command = readonly [string, ...string[]];

/** How a program is kept from what its job has: not at all, where the runner can, or else not at all run. */
const isolations = ["none", "auto", "required"] as const;
type Isolation = (typeof isolations)[number];

/** In a job of GitHub Actions `auto`, on a machine of one's own `none`, unless MERGEML_ISOLATION says otherwise. */
export function isolationOf(env: Environment): Isolation {
  const given = env.MERGEML_ISOLATION ?? "";
  const usual = env.GITHUB_ACTIONS === "true" ? "auto" : "none";
  if (given === "") return usual;
  const known = isolations.find((each) => each === given);
  if (known) return known;
  throw new UserError({ message: `isolation is ${given.slice(0, 40)}`, hint: `write ${isolations.join(", ")}` });
}

/** Runs commands of a program apart from the job: `wrap` gives the command line, and `endOf` what its end means. */
interface Apart {
  wrap(command: Command): Command;
  endOf(end: ProgramEnd): ProgramEnd;
}

const asItIs: Apart = { wrap: (command) => command, endOf: (end) => end };

/**
 * How to run a program apart from the job it is started in, whose environment, files of outputs and installation hold or reach
 * tokens. Throws UserError when that is required and cannot be had here; when it is only wished for, `warn` hears why not.
 */
export function apartFromJob(
  env: Environment,
  { scratch, program }: { scratch: string; program: string },
  warn: (message: string) => void,
): Apart {
  const isolation = isolationOf(env);
  if (isolation === "none") return asItIs;
  const [uid = -1, gid = -1] = [process.getuid?.(), process.getgid?.()];
  const places = { scratch, hidden: secretPlaces(env), needed: neededPlaces(env, program), user: { uid, gid } };
  const modes: readonly ApartMode[] = uid === 0 ? ["root"] : ["user", "sudo"];
  const mode = modes.find((each) => isPossible(each, places));
  if (mode) return { wrap: (command) => runsApart(mode, places, command) ?? command, endOf: endOfApart };
  const message =
    "this runner lets no program run apart from the job: it could read the job's environment and write to what later steps read";
  const hint =
    "a Linux runner can with user namespaces or sudo without a password, a container with --cap-add SYS_ADMIN; a job whose token only reads, with no secrets, bounds what there is to lose";
  if (isolation === "required") throw new UserError({ message, hint, key: "params.run" });
  warn(`${message} (${hint})`);
  return asItIs;
}

function isPossible(mode: ApartMode, places: ApartPlaces): boolean {
  const command = runsApart(mode, places, ["/bin/sh", "-c", ":"]);
  if (command === null) return false;
  const [file, ...args] = command;
  return spawnSync(file, args, { cwd: places.scratch, stdio: "ignore", timeout: 20_000 }).status === 0;
}

function endOfApart(end: ProgramEnd): ProgramEnd {
  if (end.state !== "exited" || end.code <= 128) return end;
  const name = Object.entries(constants.signals).find(([, number]) => number === end.code - 128)?.[0];
  return name === undefined ? end : { state: "killed", signal: name as NodeJS.Signals };
}

/** Files that later steps of the job read, the runner's own credentials, those of the home folder, and sockets that give root's rights. */
function secretPlaces(env: Environment): string[] {
  const ofSteps = [
    "GITHUB_ENV",
    "GITHUB_PATH",
    "GITHUB_OUTPUT",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_EVENT_PATH",
  ];
  const files = ofSteps.flatMap((name) => env[name] ?? []).map((file) => dirname(file));
  const runner = runnerFolder();
  const ofRunner = runner === null ? [] : [".credentials", ".credentials_rsaparams", ".env", ".runner"];
  const inHome = [
    ".aws",
    ".azure",
    ".config/gcloud",
    ".config/gh",
    ".docker",
    ".git-credentials",
    ".kube",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".ssh",
  ];
  const sockets = ["/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock"];
  return [
    ...[env.RUNNER_TEMP ?? "", ...files].filter((path) => isAbsolute(path) && path !== "/"),
    ...ofRunner.map((name) => join(runner ?? "", name)),
    ...(env.HOME ? inHome.map((name) => join(env.HOME ?? "", name)) : []),
    ...sockets,
  ].flatMap(realOrNone);
}

/** Mounts go by true paths. */
function realOrNone(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

/** Where the program of GitHub's runner lies that this process descends from; null elsewhere. */
function runnerFolder(): string | null {
  for (let pid = process.ppid; pid > 1; ) {
    try {
      const program = readlinkSync(`/proc/${pid}/exe`);
      if (/\/Runner\.(Worker|Listener)$/.test(program)) return dirname(dirname(program));
      pid = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
    } catch {
      return null;
    }
  }
  return null;
}

function neededPlaces({ PATH = "" }: Environment, program: string): string[] {
  return [program, ...realOrNone(program), ...PATH.split(delimiter).filter(isAbsolute)];
}
