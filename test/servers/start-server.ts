import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Where `scripts/install-servers.sh` puts what is not in the system. */
export const serverFolder = join(import.meta.dirname, "../../.cache/servers");

/** A port of this machine that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** A folder that is gone when the scope ends. */
export async function scratchFolder(name: string): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), `mergeml-${name}-`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export interface ServerCommand {
  command: string;
  args: readonly string[];
  port: number;
  env?: Readonly<Record<string, string>>;
  cwd?: string;
}

/** Starts a server that listens on a port of this machine, and waits until it does; it ends with the scope. */
export async function startServer({ command, args, port, env, cwd }: ServerCommand): Promise<AsyncDisposable> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    ...(cwd && { cwd }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let told = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      told = (told + chunk).slice(-4000);
    });
  const failed = once(child, "error").then(([error]) => Promise.reject(error));
  await Promise.race([untilListening(child, port, () => told), failed]);
  failed.catch(() => {});
  return { [Symbol.asyncDispose]: () => endOf(child) };
}

async function untilListening(child: ChildProcess, port: number, told: () => string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}:\n${told()}`);
    if (await listens(port)) return;
    await sleep(50);
  }
  child.kill("SIGKILL");
  throw new Error(`${child.spawnfile} does not listen on ${port}:\n${told()}`);
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
