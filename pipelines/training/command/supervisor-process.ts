import { type ChildProcess, spawn } from "node:child_process";
import { killLeftovers, signalGroup, type Traces } from "./leftover-processes.ts";

/** To the supervisor: what to run, once; later perhaps that it is to end. */
export type SupervisorRequest = { start: Start } | { stop: true };

export interface Start {
  /** Absolute. */
  program: string;
  args: readonly string[];
  /** Of this program alone. */
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** Of the environment, to know the program's processes by. */
  mark: string;
}

/** From the supervisor. */
export type SupervisorReply =
  | { started: number }
  | { failed: string }
  | { ended: { code: number | null; signal: NodeJS.Signals | null } };

/** Between the request to end and the end. */
const graceMs = 2000;

/*
 * A process between mergeml and the program, so that the program never outlives mergeml: however that ends, and be it by
 * SIGKILL, its channel closes here. The program writes to the pipes that this process inherited; nothing is copied.
 */
let running: { child: ChildProcess; start: Start } | null = null;

process.on("message", (request: SupervisorRequest) => {
  if ("start" in request) start(request.start);
  else stop();
});

process.on("disconnect", abandon);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, abandon);

function start(start: Start): void {
  const { program, args, cwd, env } = start;
  // Detached: a session and process group of its own, which can be ended as a whole.
  const child = spawn(program, args, { cwd, env: { ...env }, detached: true, stdio: ["ignore", "inherit", "inherit"] });
  running = { child, start };
  child.on("spawn", () => reply({ started: child.pid! }));
  child.on("error", (error) => {
    if (child.pid === undefined) finish({ failed: error.message });
  });
  child.on("exit", (code, signal) => {
    killLeftovers(tracesOf(child.pid!, start));
    finish({ ended: { code, signal } });
  });
}

function stop(): void {
  const leader = running?.child.pid;
  if (leader === undefined) return;
  signalGroup(leader, "SIGTERM");
  setTimeout(() => signalGroup(leader, "SIGKILL"), graceMs);
}

function abandon(): void {
  if (running?.child.pid !== undefined) killLeftovers(tracesOf(running.child.pid, running.start));
  process.exit();
}

function tracesOf(leader: number, { mark, cwd }: Start): Traces {
  return { leader, mark, folder: cwd, ancestor: process.pid };
}

function reply(message: SupervisorReply): void {
  process.send?.(message);
}

function finish(message: SupervisorReply): void {
  if (process.send) process.send(message, () => process.exit());
  else process.exit();
}
