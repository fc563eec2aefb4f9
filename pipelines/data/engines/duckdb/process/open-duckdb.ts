import { WatchedProcess } from "../../../../process/watched-process.ts";
import type { Engine, QueryLimits } from "../../engine.ts";
import { holdResult, prepareIn } from "./held-result.ts";
import { mostMemory, mostReserved } from "./memory-bounds.ts";

/** How long a process waits for another query. */
const idleMs = 3000;

/**
 * DuckDB in a process of its own, because neither its limit of memory nor an interrupt is looked at inside of a scalar
 * function, and whoever wrote the query may mean harm. Throws UserError when the query reaches a limit or crashes the engine,
 * and EnvironmentError when the machine ends it. A process that answered is used again for the next query.
 */
export function openDuckdb(): Engine {
  return {
    async query(job) {
      const process = await processes.take(job.limits);
      void import("@duckdb/node-api"); // what reads the result here needs it, and the other process is not ready yet
      try {
        const result = await holdResult(process, job);
        return { ...result, close: () => closed(result.close(), process, job.limits) };
      } catch (error) {
        await processes.giveBack(process, job.limits);
        throw error;
      }
    },
    async prepare(job) {
      const process = await processes.take(job.limits);
      try {
        return await prepareIn(process, job);
      } finally {
        await processes.giveBack(process, job.limits);
      }
    },
  };
}

/** A result that cannot be closed is gone with its process. */
async function closed(closing: Promise<void>, process: WatchedProcess, limits: QueryLimits): Promise<void> {
  await closing.catch(() => process[Symbol.asyncDispose]());
  await processes.giveBack(process, limits);
}

/** At most one process that waits for a query, with what the kernel lets it reserve. */
class IdleProcess {
  #idle: { process: WatchedProcess; reserves: number; timer: NodeJS.Timeout } | null = null;

  async take(limits: QueryLimits): Promise<WatchedProcess> {
    const found = this.#idle;
    this.#idle = null;
    clearTimeout(found?.timer);
    if (found?.process.alive && found.reserves === mostReserved(limits)) return found.process;
    await found?.process[Symbol.asyncDispose]();
    return new WatchedProcess(new URL("./engine-process.ts", import.meta.url), mostReserved(limits));
  }

  /** Ends it instead when it kept much of the memory it had. */
  async giveBack(process: WatchedProcess, limits: QueryLimits): Promise<void> {
    const slim = process.alive && (await process.grown()) < mostMemory(limits) / 4;
    if (this.#idle || !slim) return process[Symbol.asyncDispose]();
    const timer = setTimeout(() => void this.#end(process), idleMs).unref();
    this.#idle = { process, reserves: mostReserved(limits), timer };
  }

  async #end(process: WatchedProcess): Promise<void> {
    if (this.#idle?.process === process) this.#idle = null;
    await process[Symbol.asyncDispose]();
  }
}

/** For all that open an engine here, one after the other: a process takes a quarter of a second to start. */
const processes = new IdleProcess();
