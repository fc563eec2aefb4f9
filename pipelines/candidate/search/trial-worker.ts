import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { EnvironmentError } from "../../errors/environment-error.ts";
import { UserError } from "../../errors/user-error.ts";
import type { TrialSetup } from "./score-trial.ts";
import type { TrialJob, TrialScore } from "./trial.ts";
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
