import { EnvironmentError, UserError } from "../../../../errors/expected-error.ts";
import {
  type EarlyEnd,
  EndedEarly,
  type RequestLimits,
  WatchedProcess,
} from "../../../../ports/process/watched-process.ts";
import type { Engine, PreparedQuery, PrepareJob, QueryJob, QueryLimits, QueryResult } from "../../engine.ts";
import { outOfTime } from "../../query-problems.ts";
import { duckdbFailure } from "../duckdb-error.ts";
import { engineCrash, outOfMemory } from "../limit-problems.ts";
import type { EngineRequest, ResultFacts } from "./protocol.ts";

/** Bytes. */
const gibibyte = 2 ** 30;

/**
 * DuckDB counts what its tables and sorts hold against `memory_gb`, and neither scalar functions nor what its allocator keeps:
 * a sort that keeps within the limit was seen with 1.4 times as much. What has more than this has got round the limit.
 */
const mostOfLimit = 1.75;

/** What it needs in any case, for files that it reads and writes and for its threads. Bytes. */
const leastRoom = 0.1875 * gibibyte;

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

const words: Readonly<Record<EngineRequest["step"], string>> = {
  prepare: "preparing the query",
  query: "the query",
  check: "checking the query's rows",
  facts: "looking through the query's rows",
  repeatedKeys: "looking for repeated keys in the query's rows",
  save: "writing the query's rows",
  write: "splitting the query's rows",
  close: "letting go of the query's rows",
};

/** Prepares a query in a process. */
async function prepareIn(process: WatchedProcess, job: PrepareJob): Promise<PreparedQuery> {
  const ask = await asker(process, job);
  return ask({ step: "prepare", job });
}

/** Runs a query in a process, which then holds the result until it is closed. All steps together have the job's time. */
export async function holdResult(process: WatchedProcess, job: QueryJob): Promise<QueryResult> {
  const ask = await asker(process, job);
  return {
    ...(await ask<ResultFacts>({ step: "query", job })),
    check: (...given) => ask({ step: "check", given }),
    facts: (...given) => ask({ step: "facts", given }),
    repeatedKeys: (...given) => ask({ step: "repeatedKeys", given }),
    save: (...given) => ask({ step: "save", given }),
    write: (...given) => ask({ step: "write", given }),
    close: (...given) => ask({ step: "close", given }),
  };
}

type Ask = <Answer>(request: EngineRequest) => Promise<Answer>;

/** What asks a process that is ready, within what is left of the job's time. */
async function asker(process: WatchedProcess, job: PrepareJob): Promise<Ask> {
  await process.ready().catch((error: unknown) => {
    throw error instanceof EndedEarly ? earlyEndError(error, "starting the engine", job) : error;
  });
  let spent = 0;
  return async <Answer>(request: EngineRequest): Promise<Answer> => {
    const started = performance.now();
    try {
      const limits = { seconds: job.limits.seconds - spent, bytes: mostMemory(job.limits) };
      return (await process.ask(request, limits)) as Answer;
    } catch (error) {
      throw explained(error, words[request.step], job);
    } finally {
      spent += (performance.now() - started) / 1000;
    }
  };
}

/** An error in words about the query, where the engine or its process reached a limit. */
function explained(error: unknown, what: string, job: PrepareJob): unknown {
  if (error instanceof EndedEarly) return earlyEndError(error, what, job);
  if (duckdbFailure(error)?.cause !== "memory") return error;
  return new UserError(outOfMemory(job.sql, what, job.limits.memory_gb), { cause: error });
}

/** Signals by which a program's own fault ends it; as an exit code where a shell or Node says it so. */
const crashes = /^SIG(SEGV|ABRT|BUS|ILL|FPE|TRAP)$|^exit code 13\d$/;

/** What to throw when the engine's process ended while it did `what`, such as "the query". */
function earlyEndError(error: EndedEarly, what: string, { sql, limits }: PrepareJob): Error {
  const { end } = error;
  if (end.limit === "time") return new UserError(outOfTime(sql, what, limits.seconds), { cause: error });
  const tooLarge = outOfMemory(sql, what, limits.memory_gb);
  if (end.limit === "memory" || ranShort(end, limits.memory_gb)) return new UserError(tooLarge, { cause: error });
  const { how, words } = end;
  if (crashes.test(how)) return new UserError(engineCrash(sql, what, how, words), { cause: error });
  const tried = `to run ${sql.file}; the machine may have run out of memory`;
  const message = `the engine's process ended early (${how})${words === "" ? "" : `: ${words}`}`;
  return new EnvironmentError(message, { tried, safe: "nothing was stored" }, { cause: error });
}

/** The kernel refused it more memory, and it gave up: nobody looks at that while it has all it may have. */
function ranShort({ how, words, peakBytes }: EarlyEnd, memory_gb: number): boolean {
  return crashes.test(how) && (peakBytes > memory_gb * gibibyte || /out of memory|bad_alloc/i.test(words));
}

/** Beyond what an idle process has. */
function mostMemory({ memory_gb }: QueryLimits): RequestLimits["bytes"] {
  return Math.max(mostOfLimit * memory_gb * gibibyte, memory_gb * gibibyte + leastRoom);
}

/**
 * What the kernel lets the process reserve at most, whether it is used or not: what an idle one does, and a multiple of the
 * limit. It stops what grows faster than anybody can look.
 */
function mostReserved({ threads, memory_gb }: QueryLimits): number {
  return (0.75 + threads / 64 + 4 * memory_gb) * gibibyte;
}
