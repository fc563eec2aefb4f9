import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** A server that answers at `url`; it and its children are ended when disposed. */
export interface PeerProcess extends AsyncDisposable {
  url: string;
  /** Of the group of it and its children. */
  pid: number;
}

/** What to start: it runs in `folder` and writes its output to `<name>.log` there. */
export interface PeerCommand {
  name: string;
  folder: string;
  program: string;
  args(port: number): readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** Variables that name its ports: the first is that of the url, the others are free ones, too. */
  portsIn?: readonly string[];
  /** Answers 200 once the server does. */
  healthPath: string;
}

const longestStartMs = 120_000;

/** Starts a server on a free port of this machine and waits until it answers. */
export async function startPeer(command: PeerCommand): Promise<PeerProcess> {
  const { name, folder, program, args, env, portsIn = [], healthPath } = command;
  const [port = 0, ...others] = await freePorts(Math.max(1, portsIn.length));
  const ports = portsIn.map((variable, at): [string, string] => [variable, String([port, ...others][at])]);
  const file = join(folder, `${name}.log`);
  const log = openSync(file, "w");
  const child = spawn(program, args(port), {
    cwd: folder,
    detached: true,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      MLFLOW_DISABLE_TELEMETRY: "true",
      ...env,
      ...Object.fromEntries(ports),
    },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const url = `http://127.0.0.1:${port}`;
  const running = { url, pid: child.pid ?? 0, [Symbol.asyncDispose]: () => stop(child) };
  try {
    await untilHealthy(child, `${url}${healthPath}`);
    return running;
  } catch (cause) {
    await stop(child);
    throw new Error(`${name} did not start:\n${readFileSync(file, "utf8")}`, { cause });
  }
}

async function untilHealthy(child: ChildProcess, health: string): Promise<void> {
  const limit = AbortSignal.timeout(longestStartMs);
  while (child.exitCode === null) {
    limit.throwIfAborted();
    const answer = await fetch(health, { signal: AbortSignal.timeout(5000) }).catch(() => null);
    if (answer?.ok) return;
    await pause(100);
  }
  throw new Error(`it exited with ${child.exitCode}`);
}

/** Its workers are in its process group, and go with it. */
async function stop(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const ended = child.exitCode === null ? new Promise((resolve) => child.once("exit", resolve)) : null;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  await ended;
}

/** All different: none is given back before all are found. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const each of servers) await new Promise<void>((resolve) => each.listen(0, "127.0.0.1", resolve));
  const ports = servers.map((each) => (each.address() as AddressInfo).port);
  for (const each of servers) await new Promise((resolve) => each.close(resolve));
  return ports;
}
