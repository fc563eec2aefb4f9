import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { OP, Shard, type ShardPlan } from "./shard.ts";
import { type Board, RESULTS } from "./shared-search.ts";

/** Looks at a signal this often before it sleeps: waking a thread costs more than a short command. */
const SPINS = 2000;

/** A wait this long lets the event loop run, so that a thread's death is noticed. Milliseconds. */
const PATIENCE = 500;

/** The shards of one training, each in a thread of its own but the first, which the caller's thread works on. */
export class Team implements AsyncDisposable {
  readonly #board: Board;
  readonly #own: Shard;
  readonly #workers: Worker[] = [];
  #failure: unknown = null;
  #command = 0;

  private constructor(plan: ShardPlan) {
    this.#board = plan.board;
    this.#own = new Shard(plan);
  }

  /** Starts a thread for each plan but the first. */
  static async start(plans: readonly ShardPlan[]): Promise<Team> {
    const team = new Team(plans[0]!);
    try {
      await Promise.all(plans.slice(1).map((plan) => team.#startWorker(plan)));
    } catch (error) {
      await team[Symbol.asyncDispose]();
      throw error;
    }
    return team;
  }

  async #startWorker(plan: ShardPlan): Promise<void> {
    const worker = new Worker(new URL("./shard-worker.ts", import.meta.url), { workerData: plan });
    this.#workers.push(worker);
    worker.on("error", (error) => (this.#failure ??= error));
    worker.on("exit", () => (this.#failure ??= new Error("A training thread ended before its work was done.")));
    await once(worker, "message");
  }

  /** Has every shard do a command of OP; settles when all have done it. */
  async run(op: number, a = 0, b = 0): Promise<void> {
    const { command, signals } = this.#board;
    command[0] = op;
    command[1] = a;
    command[2] = b;
    this.#command++;
    Atomics.store(signals, 0, this.#command);
    if (this.#workers.length > 0) Atomics.notify(signals, 0);
    this.#own.run();
    for (let shard = 1; shard <= this.#workers.length; shard++) {
      while (!this.#isDone(2 + shard)) await this.#check();
    }
  }

  /** Sum over the shards of a result of the last command. */
  result(index: number): number {
    let sum = 0;
    for (let at = index; at < this.#board.results.length; at += RESULTS) sum += this.#board.results[at]!;
    return sum;
  }

  #isDone(signal: number): boolean {
    const { signals } = this.#board;
    for (let i = 0; i < SPINS; i++) if (Atomics.load(signals, signal) === this.#command) return true;
    const seen = Atomics.load(signals, signal);
    if (seen === this.#command) return true;
    return Atomics.wait(signals, signal, seen, PATIENCE) !== "timed-out";
  }

  /** Lets a thread's error event arrive, and throws it. */
  async #check(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#failure) throw new Error("Training failed in a thread.", { cause: this.#failure });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { command, signals } = this.#board;
    command[0] = OP.stop;
    Atomics.add(signals, 0, 1);
    Atomics.notify(signals, 0);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
