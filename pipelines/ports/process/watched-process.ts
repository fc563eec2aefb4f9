import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { type CarriedError, carriedError } from "../../errors/carried-error.ts";
import { compileCacheEnvironment } from "./compile-cache.ts";
import { underOrders } from "./system-calls.ts";

/** From the process: first that it is ready, then one reply to each request. */
export type ProcessReply = { ready: true } | { answer: unknown } | { error: CarriedError };

/** What one request may use. */
export interface RequestLimits {
  seconds: number;
  /** Of memory, beyond what the process has when it is ready. */
  bytes: number;
}

/** How a process ended before it answered. */
export interface EarlyEnd {
  /** The limit that it reached; null when it ended by itself. */
  limit: "time" | "memory" | null;
  /** A signal, or an exit code. */
  how: string;
  /** What it said last. */
  words: string;
  /** Of memory beyond what it had when it was ready, as far as it was seen. */
  peakBytes: number;
}

export class EndedEarly extends Error {
  readonly end: EarlyEnd;

  constructor(end: EarlyEnd) {
    super(end.limit === null ? `ended by itself (${end.how}): ${end.words}` : `ended at its limit of ${end.limit}`);
    this.name = "EndedEarly";
    this.end = end;
  }
}

/** How much of what a dying process says is kept. Characters. */
const lastWords = 2000;

/** How long it may take to start, on a machine that is busy with other things. */
const patienceMs = 60_000;

/**
 * A process of our own that answers one request after another, and whose memory and time are watched from here: what it runs
 * cannot be interrupted otherwise. It has no environment, ends with this process however that ends, and does not keep this
 * process from ending while nobody waits for an answer.
 */
export class WatchedProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #ready: Promise<void>;
  #words = "";
  #baseBytes = 0;

  /** Starts a module that serves requests (`serveRequests`). `dataBytes` is the kernel's bound, where it has one. */
  constructor(module: URL, dataBytes: number) {
    const orders = { diesWithParent: true, dataBytes };
    const [command, ...args] = underOrders(orders, process.execPath, [fileURLToPath(module)]);
    const env = compileCacheEnvironment();
    const stdio = ["ignore", "ignore", "pipe", "ipc"] as const;
    this.#child = spawn(command, args, { env, stdio: [...stdio], serialization: "advanced" });
    this.#child.on("error", (error) => this.#hear(error.message));
    this.#child.stderr?.on("data", (text) => this.#hear(String(text)));
    this.#closed = new Promise((resolve) => this.#child.once("close", resolve));
    this.#ready = this.#start();
    this.#ready.catch(() => {}); // told by the first request
    this.#hold(false);
  }

  /** Whether it can be asked. */
  get alive(): boolean {
    return this.#child.connected && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits until it can be asked. What it took is nobody's request. Throws EndedEarly when it does not come to it. */
  async ready(): Promise<void> {
    this.#hold(true);
    await this.#ready.finally(() => this.#hold(false));
  }

  /** Memory beyond what it had when it was ready, in bytes. */
  async grown(): Promise<number> {
    return (await memoryOf(this.#child.pid ?? 0)) - this.#baseBytes;
  }

  /** To be called when it is ready. Throws what the request threw there, and EndedEarly when it does not live to answer. */
  async ask(request: unknown, { seconds, bytes }: RequestLimits): Promise<unknown> {
    this.#hold(true);
    let reached: "time" | "memory" | null = null;
    const kill = (limit: "time" | "memory") => {
      reached ??= limit;
      this.#child.kill("SIGKILL");
    };
    const timer = setTimeout(kill, Math.min(Math.max(seconds, 0) * 1000, 2 ** 31 - 1), "time");
    try {
      using memory = watchMemory(this.#child.pid ?? 0, this.#baseBytes + bytes, () => kill("memory"));
      const answer = this.#answer(() => ({ limit: reached, peakBytes: memory.peak() - this.#baseBytes }));
      if (this.alive) this.#child.send(request as object, () => {}); // that it is gone is told by its end
      return await answer;
    } finally {
      clearTimeout(timer);
      this.#hold(false);
    }
  }

  async #answer(facts: () => Pick<EarlyEnd, "limit" | "peakBytes">): Promise<unknown> {
    const waiting = new AbortController();
    const replied = once(this.#child, "message", { signal: waiting.signal });
    replied.catch(() => {});
    try {
      const reply = (await Promise.race([replied, this.#closed.then(() => null)])) as [ProcessReply] | null;
      if (reply === null) throw new EndedEarly({ ...facts(), ...this.#end() });
      if ("error" in reply[0]) throw carriedError(reply[0].error);
      return "answer" in reply[0] ? reply[0].answer : undefined;
    } finally {
      waiting.abort();
    }
  }

  #end(): { how: string; words: string } {
    const { exitCode, signalCode } = this.#child;
    return { how: signalCode ?? `exit code ${exitCode}`, words: this.#words.trim() };
  }

  async #start(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), patienceMs).unref();
    await this.#answer(() => ({ limit: null, peakBytes: 0 })).finally(() => clearTimeout(timer));
    preferAsVictim(this.#child.pid ?? 0);
    this.#baseBytes = await memoryOf(this.#child.pid ?? 0);
  }

  #hear(text: string): void {
    this.#words = `${this.#words}${text}`.slice(-lastWords);
  }

  /** Whether this process waits for it to end. */
  #hold(held: boolean): void {
    const handles = [this.#child, this.#child.channel, this.#child.stderr as Socket | null];
    for (const handle of handles) held ? handle?.ref() : handle?.unref();
  }

  /** Ends it, and waits until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#hold(true);
    this.#child.kill("SIGKILL");
    await this.#closed;
  }
}

/** A process fills no more memory in a second, on the machines that CI has; so often must one look. Bytes. */
const fastestGrowth = 8 * 2 ** 30;
const [shortestMs, longestMs] = [5, 100];
const elsewhereMs = 200;

/** A process's memory as it is watched. */
interface MemoryWatch extends Disposable {
  /** The most that was seen. Bytes. */
  peak(): number;
}

/**
 * Looks at the memory a process has, from outside, until it is disposed of, and says when it is above `most` bytes. Often
 * enough that a process is seen at a few per cent above; on what is no Linux five times a second.
 */
function watchMemory(pid: number, most: number, exceeded: () => void): MemoryWatch {
  let timer: NodeJS.Timeout | undefined;
  let peak = 0;
  let ended = false;
  const look = async () => {
    const bytes = await memoryOf(pid);
    peak = Math.max(peak, bytes);
    if (ended) return;
    if (bytes > most) exceeded();
    else timer = setTimeout(look, pauseMs(most - bytes));
  };
  void look();
  return {
    peak: () => peak,
    [Symbol.dispose]() {
      ended = true;
      clearTimeout(timer);
    },
  };
}

function pauseMs(room: number): number {
  if (process.platform !== "linux") return elsewhereMs;
  return Math.min(longestMs, Math.max(shortestMs, (room / fastestGrowth) * 1000));
}

/** Memory and swap that a process occupies, in bytes; 0 when it has ended. */
async function memoryOf(pid: number): Promise<number> {
  return process.platform === "linux" ? linuxMemory(pid) : listedMemory(pid);
}

function linuxMemory(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
    return (kilobytes("VmRSS") + kilobytes("VmSwap")) * 1024;
  } catch {
    return 0;
  }
}

function listedMemory(pid: number): Promise<number> {
  return new Promise((resolve) => {
    execFile("ps", ["-o", "rss=", "-p", String(pid)], (_error, stdout) => resolve(Number(stdout.trim() || 0) * 1024));
  });
}

/** When the machine itself has no memory left, the kernel ends this process before any other. Does nothing elsewhere. */
function preferAsVictim(pid: number): void {
  if (process.platform !== "linux") return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, "1000");
  } catch {
    // A sandbox without a writable /proc: the watch from outside still holds.
  }
}
