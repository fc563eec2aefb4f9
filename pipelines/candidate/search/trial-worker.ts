import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, sha256 } from "../../config/canonical-json.ts";
import { EnvironmentError, UserError } from "../../errors/expected-error.ts";
import type { SharedSteps } from "../../workspace/shared-steps.ts";
import { stepCode } from "../../workspace/step-code.ts";
import { writeAside } from "../../workspace/write-aside.ts";
import type { TrialJob, TrialResult, TrialScore, TrialSetup } from "./score-trial.ts";
import type { TrialReply, TrialRequest } from "./trial-process.ts";

/** How much of what a dying process says is kept for the error. Characters. */
const lastWords = 2000;

/** A process of its own that trains trials one after another: a trainer that keeps its thread busy, or crashes, stops no other. */
export class TrialWorker implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #limitMinutes: number;
  #stderr = "";

  /** Starts the process. Dispose of it whatever happens. */
  constructor(limitMinutes: number) {
    this.#limitMinutes = limitMinutes;
    const program = new URL("./trial-process.ts", import.meta.url);
    this.#child = fork(program, { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
    // Heard where somebody waits for an answer; between two jobs it must not end the search's own process.
    this.#child.on("error", () => {});
    this.#child.stderr?.on("data", (text) => {
      this.#stderr = `${this.#stderr}${text}`.slice(-lastWords);
    });
  }

  /** Has it read the train split. */
  async open(setup: TrialSetup): Promise<void> {
    await this.#ask({ setup });
  }

  /** Trains and scores one trial; throws EnvironmentError when the process dies of it, UserError when it takes too long. */
  async run(job: TrialJob): Promise<TrialScore> {
    const reply = await this.#ask({ job });
    if (reply.state !== "scored") throw new Error(`A trial's process answered ${reply.state}.`);
    return reply.score;
  }

  async #ask(request: TrialRequest): Promise<Exclude<TrialReply, { state: "failed" }>> {
    if (!this.#child.connected) this.#died(false);
    using limit = this.#killAfterLimit();
    const ended = new AbortController();
    const exited = once(this.#child, "close", { signal: ended.signal });
    const answered = once(this.#child, "message", { signal: ended.signal });
    try {
      this.#child.send(request);
      const [reply] = (await Promise.race([answered, exited.then(() => this.#died(limit.reached()))])) as [TrialReply];
      if (reply.state === "failed") throw failureOf(reply);
      return reply;
    } finally {
      ended.abort();
      await Promise.allSettled([exited, answered]);
    }
  }

  #killAfterLimit(): Disposable & { reached(): boolean } {
    let reached = false;
    const timer = setTimeout(() => {
      reached = true;
      this.#child.kill("SIGKILL");
    }, this.#limitMinutes * 60_000);
    return { reached: () => reached, [Symbol.dispose]: () => clearTimeout(timer) };
  }

  #died(limitReached: boolean): never {
    if (limitReached) {
      throw new UserError({
        message: `a trial of the search took longer than ${this.#limitMinutes} minutes`,
        hint: "the finished trials are kept. Give it more with  resources.timeout_minutes, or search smaller models",
        key: "resources.timeout_minutes",
      });
    }
    const { exitCode, signalCode } = this.#child;
    const words = this.#stderr.trim() ? `: ${this.#stderr.trim()}` : "";
    throw new EnvironmentError(`a trial's process ended early (${signalCode ?? `exit code ${exitCode}`})${words}`, {
      tried: "to train a trial of the search in a process of its own; it may have run out of memory",
      safe: "the finished trials are kept, and the same command goes on from them",
    });
  }

  /** Ends the process; what it was training is lost. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}

function failureOf({ message, stack, environment }: Extract<TrialReply, { state: "failed" }>): Error {
  if (environment) return new EnvironmentError(message, environment);
  return new Error(`A trial of the search failed: ${message}`, { cause: stack });
}

/** Finished trials of one search, a file each, so that a killed search goes on and those of other jobs can be copied in. */
export interface TrialFiles {
  folder: string;
  /** null when it has not been trained, or the file is not whole. */
  read(job: TrialJob): Promise<TrialResult | null>;
  write(job: TrialJob, result: TrialResult): Promise<void>;
}

/**
 * Opens `<parent>/<search id>/`. The id covers all that a score depends on but the job: data, seed, trainer, metric, code. It does
 * not cover the space, so that a search whose space has changed finds the trials that both have in common.
 */
export function openTrialFiles(
  parent: string,
  setup: TrialSetup,
  trainerVersion: number,
  shared: SharedSteps | null = null,
): TrialFiles {
  const { parquet: _, threads: __, train, source, ...same } = setup;
  const program = source && { files: source.files };
  const search = { code: stepCode()("trial"), trainerVersion, ...same, train: train.fingerprint, ...program };
  const folder = join(parent, `s-${hash(search)}`);
  const file = (job: TrialJob) => join(folder, `${hash({ ...job })}.json`);
  return {
    folder,
    async read(job) {
      const here = await readResult(file(job), job);
      const bytes = here ? null : await shared?.read("trial", { search, job });
      if (!bytes) return here;
      await writeAside(file(job), bytes);
      return readResult(file(job), job);
    },
    async write(job, result) {
      const text = `${JSON.stringify({ ...job, ...result }, null, 2)}\n`;
      await writeAside(file(job), text);
      await shared?.write("trial", { search, job }, Buffer.from(text), []);
    },
  };
}

async function readResult(file: string, job: TrialJob): Promise<TrialResult | null> {
  try {
    const { params, rows, score, problem, seconds } = JSON.parse(await readFile(file, "utf8"));
    if (canonicalJson({ params, rows }) !== canonicalJson({ ...job })) return null;
    if (!Number.isFinite(seconds)) return null;
    if (typeof score === "number") return { score, seconds };
    return score === null && typeof problem === "string" ? { score, problem, seconds } : null;
  } catch {
    return null; // not trained yet, or half a file of an interrupted copy: it is trained again
  }
}

function hash(value: unknown): string {
  return sha256(canonicalJson(value)).slice(7, 27);
}

/** Fewer train rows than this are no ground to choose params on. */
const fewestRows = 10;

/** How many rows of a train split are kept for scoring trials. Throws UserError when there are too few rows to choose on. */
export function validationCount(rows: number, share: number): number {
  if (rows < fewestRows) {
    throw new UserError({
      message: `the train split has ${rows} rows; a search needs at least ${fewestRows}`,
      hint: "take the search block out, or give it more rows",
      key: "search",
    });
  }
  return Math.min(rows - 2, Math.max(1, Math.round(rows * share)));
}
