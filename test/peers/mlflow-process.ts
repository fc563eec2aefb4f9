import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { python } from "./virtual-environment.ts";

/** A process of the real MLflow that answers at `url`; it and its children are ended when disposed. */
export interface MlflowProcess extends AsyncDisposable {
  url: string;
}

const longestStartMs = 120_000;

/** Starts `mlflow <args> --host … --port …` and waits until `healthPath` answers. Its output goes to mlflow.log in `folder`. */
export async function startMlflow(folder: string, args: readonly string[], healthPath: string): Promise<MlflowProcess> {
  const port = await freePort();
  const log = openSync(join(folder, "mlflow.log"), "w");
  const bin = dirname(python);
  const child = spawn(join(bin, "mlflow"), [...args, "--host", "127.0.0.1", "--port", String(port)], {
    cwd: folder,
    detached: true,
    env: { PATH: `${bin}:${process.env.PATH}`, HOME: folder, MLFLOW_DISABLE_TELEMETRY: "true" },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  const url = `http://127.0.0.1:${port}`;
  const running = { url, [Symbol.asyncDispose]: () => stop(child) };
  try {
    await untilHealthy(child, `${url}${healthPath}`);
    return running;
  } catch (cause) {
    await stop(child);
    throw new Error(`mlflow ${args[0]} did not start:\n${readFileSync(join(folder, "mlflow.log"), "utf8")}`, { cause });
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
