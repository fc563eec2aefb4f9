import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export const launcher = join(import.meta.dirname, "..", "..", "scripts", "mergeml");

/** A real `mergeml serve` that answers at `url`; told to end, and waited for, when disposed. */
export interface ServeProcess extends AsyncDisposable {
  url: string;
  /** What it has written to the terminal so far. */
  output(): string;
  signal(name: NodeJS.Signals): void;
}

interface ServeCommand {
  /** Before `serve`: another program with its arguments that starts it, such as one that changes the user. */
  program?: readonly string[];
  args?: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
}

const longestStartMs = 120_000;

/** Starts it on a free port and waits for its first line with an address. */
export async function startServe({
  program = [launcher, "serve"],
  args = [],
  cwd,
  env,
}: ServeCommand): Promise<ServeProcess> {
  const [file = "", ...before] = program;
  const child = spawn(file, [...before, "--port", "0", ...args], {
    cwd,
    env: env as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part) => (text += part));
  const ended = once(child, "close");
  try {
    const url = await addressOf(child, () => text);
    const signal = (name: NodeJS.Signals) => void child.kill(name);
    return { url, signal, output: () => text, [Symbol.asyncDispose]: () => end(child, ended) };
  } catch (error) {
    await end(child, ended);
    throw error;
  }
}

async function addressOf(child: ChildProcess, output: () => string): Promise<string> {
  const limit = AbortSignal.timeout(longestStartMs);
  for (;;) {
    const [url] = /http:\/\/[\w.]+:\d+/.exec(output()) ?? [];
    if (url !== undefined) return url;
    if (child.exitCode !== null || limit.aborted) throw new Error(`mergeml serve did not start:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const limit = setTimeout(() => child.kill("SIGKILL"), 40_000);
  await ended;
  clearTimeout(limit);
}
