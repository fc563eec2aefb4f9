import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { UserError } from "../../errors/expected-error.ts";
import { visibleText } from "../../errors/inert-markdown.ts";
import { compileCacheEnvironment } from "../../ports/process/compile-cache.ts";
import { underOrders } from "../../ports/process/system-calls.ts";
import { killLeftovers } from "./leftover-processes.ts";
import type { Start, SupervisorReply, SupervisorRequest } from "./supervisor-process.ts";

interface ProgramRun extends Omit<Start, "mark"> {
  timeoutSeconds: number;
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
}

/** How a program ended. `lost` is a supervisor that was killed itself, by the kernel for want of memory, say. */
export type ProgramEnd =
  | { state: "exited"; code: number }
  | { state: "killed"; signal: NodeJS.Signals }
  | { state: "timeout" }
  | { state: "not-started"; reason: string }
  | { state: "lost" };

/** How long after the time limit, and after the program's end, its supervisor may take to follow. */
const patienceMs = 10_000;

/**
 * Runs a program without stdin and with exactly the given environment, and tells how it ended. `cwd` is a folder of this
 * program alone. When this returns, no process of the program is left, nor of its forks, which are ended with it, nor when
 * this process dies first. What is no Linux ends its process group only.
 */
export async function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  const { program, args, cwd, timeoutSeconds } = run;
  const mark = `MERGEML_RUN=${randomUUID()}`;
  const env = { ...run.env, MERGEML_RUN: mark.slice("MERGEML_RUN=".length) };
  // Its own environment is as empty as it can be: a program may read that of its parent.
  const script = fileURLToPath(new URL("./supervisor-process.ts", import.meta.url));
  const [command, ...given] = underOrders({ adoptsOrphans: true }, process.execPath, [script]);
  const supervisor = spawn(command, given, {
    env: compileCacheEnvironment(),
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const heard = listen(supervisor);
  supervisor.stdout?.on("data", run.stdout);
  supervisor.stderr?.on("data", run.stderr);
  using limit = limitTime(supervisor, timeoutSeconds);
  const exited = once(supervisor, "exit");
  send(supervisor, { start: { program, args, cwd, env, mark } });
  await exited;
  // Also when it was killed before it could tell that it started the program.
  if (!heard.reply()) killLeftovers({ leader: heard.leader(), mark, folder: cwd });
  await Promise.all([drained(supervisor.stdout), drained(supervisor.stderr)]);
  return endOf(heard.reply(), limit.reached());
}

function endOf(reply: SupervisorReply | null, timedOut: boolean): ProgramEnd {
  if (timedOut) return { state: "timeout" };
  if (reply && "failed" in reply) return { state: "not-started", reason: reply.failed };
  if (!reply || !("ended" in reply)) return { state: "lost" };
  const { code, signal } = reply.ended;
  return signal ? { state: "killed", signal } : { state: "exited", code: code ?? -1 };
}

function listen(supervisor: ChildProcess): { reply(): SupervisorReply | null; leader(): number | null } {
  let leader: number | null = null;
  let reply: SupervisorReply | null = null;
  supervisor.on("message", (message: SupervisorReply) => {
    if ("started" in message) leader = message.started;
    else reply = message;
  });
  // Its end, or that it never began, is told by "exit" or by the missing reply.
  supervisor.on("error", () => supervisor.emit("exit", null, null));
  return { reply: () => reply, leader: () => leader };
}

function limitTime(supervisor: ChildProcess, seconds: number): Disposable & { reached(): boolean } {
  let reached = false;
  const timers = [
    setTimeout(() => {
      reached = true;
      send(supervisor, { stop: true });
    }, seconds * 1000),
    // A program may have stopped its supervisor.
    setTimeout(() => supervisor.kill("SIGKILL"), seconds * 1000 + patienceMs),
  ];
  return { reached: () => reached, [Symbol.dispose]: () => timers.forEach(clearTimeout) };
}

function send(supervisor: ChildProcess, request: SupervisorRequest): void {
  // A supervisor that is gone has ended the program already.
  if (supervisor.connected) supervisor.send(request, () => {});
}

/** All is written when every process is gone; one of another user (sudo) could hold the pipe for ever. */
async function drained(stream: Readable | null): Promise<void> {
  if (!stream || stream.closed) return;
  const closed = once(stream, "close");
  const timer = setTimeout(() => stream.destroy(), patienceMs);
  await closed.finally(() => clearTimeout(timer));
}

/** What is known when a program failed. */
interface Failure {
  end: Exclude<ProgramEnd, { state: "exited"; code: 0 }>;
  run: readonly string[];
  /** The end of its stdout and stderr. */
  stdout: readonly string[];
  stderr: readonly string[];
  timeoutMinutes: number;
  memoryGb: number;
  /** The model's folder relative to the repository, and the names of the program's files. */
  folder: string;
  files: readonly string[];
  /** The lock file of the environment that it ran in. */
  lock?: string;
}

/** Lines of output that an error shows. */
const shownLines = 20;

/** Turns the way in which a program failed into an error that shows its last words and says what to do. */
export function programError(failure: Failure): UserError {
  const said = lastWords(failure);
  const hint = hintFor(failure, said.join("\n"));
  const words = said.length > 0 ? `\n${said.map((line) => `  | ${line}`).join("\n")}` : "";
  return new UserError({ message: `${what(failure)}${words}`, ...(hint && { hint }), key: "params.run" });
}

function what({ end, run, timeoutMinutes }: Failure): string {
  const program = visibleText(run.join(" ")).slice(0, 200);
  switch (end.state) {
    case "timeout":
      return `${program} took longer than ${timeoutMinutes} minutes and was ended, with all it had started.`;
    case "not-started":
      return `${program} could not be started: ${end.reason}.`;
    case "killed":
      return `${program} was ended by ${end.signal}.`;
    case "lost":
      return `${program} was ended together with the process that watches it.`;
    case "exited":
      return `${program} ended with exit code ${end.code}.`;
  }
}

/** Errors are mostly on stderr; who writes them to stdout is heard too. */
function lastWords({ stdout, stderr }: Failure): string[] {
  return (stderr.length > 0 ? stderr : stdout).slice(-shownLines).map(visibleText);
}

const outOfMemory = /MemoryError|bad_alloc|out of memory|cannot allocate|memory exhausted|allocation failed/i;

/** What missing packages look like, in the words of the languages. */
const missingPackage: readonly { pattern: RegExp; file: string; install: (path: string) => string; name: string }[] = [
  {
    pattern: /ModuleNotFoundError: No module named '([^']+)'|ImportError: No module named (\S+)/,
    file: "requirements.txt",
    install: (path) => `pip install -r ${path}`,
    name: "Python package",
  },
  {
    pattern: /there is no package called ['‘"]([^'’"]+)['’"]/,
    file: "install.R",
    install: (path) => `Rscript ${path}`,
    name: "R package",
  },
  {
    pattern: /Cannot find (?:package|module) '([^']+)'/,
    file: "package.json",
    install: (path) => `npm install --prefix ${path.replace(/\/package\.json$/, "")}`,
    name: "Node package",
  },
];

function hintFor(failure: Failure, said: string): string | null {
  const { end, memoryGb } = failure;
  if (end.state === "timeout") {
    return "raise params.timeout_minutes, or train on less; for a program that hangs, see its last lines";
  }
  for (const { pattern, file, install, name } of missingPackage) {
    const [found, ...names] = pattern.exec(said) ?? [];
    if (found) return missing(failure, { name, module: names.find(Boolean) ?? "", file, install });
  }
  if (outOfMemory.test(said) || isKill(failure)) {
    const limit = memoryGb > 0 ? `raise params.memory_gb, now ${memoryGb}, or ` : "";
    return `it seems to have run out of memory: ${limit}train on less, or on a larger runner`;
  }
  return null;
}

/** The kernel ends what uses too much; under a limit of memory also a program that takes its memory for granted. */
function isKill({ end, memoryGb }: Failure): boolean {
  return end.state === "lost" || (end.state === "killed" && (end.signal === "SIGKILL" || memoryGb > 0));
}

function missing(
  { files, folder, lock }: Failure,
  about: { name: string; module: string; file: string; install: (path: string) => string },
): string {
  if (lock !== undefined)
    return `the ${about.name} ${about.module} is not in ${folder}/${lock}: add it there, and lock again`;
  const how = files.includes(about.file)
    ? about.install(`${folder}/${about.file}`)
    : `install it, and pin it in ${folder}/${about.file}`;
  const home = "Packages in your home folder are not seen: use a virtual environment on the PATH, or  env: [HOME]. ";
  const lasting = "Or name a lock file in params.environment: what it has is installed here and in every job";
  return `the ${about.name} ${about.module} is not installed: ${how}. ${about.name.startsWith("Python") ? home : ""}${lasting}`;
}
