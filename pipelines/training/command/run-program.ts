import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { compileCacheEnvironment } from "../../process/compile-cache.ts";
import { underOrders } from "../../process/system-calls.ts";
import { killLeftovers } from "./leftover-processes.ts";
import type { Start, SupervisorReply, SupervisorRequest } from "./supervisor-process.ts";

export interface ProgramRun extends Omit<Start, "mark"> {
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
