import { UserError } from "../../../../errors/user-error.ts";
import { EndedEarly, type WatchedProcess } from "../../../../process/watched-process.ts";
import type { PreparedQuery, PrepareJob, QueryJob, QueryResult } from "../../engine.ts";
import { duckdbFailure } from "../duckdb-error.ts";
import { outOfMemory } from "../limit-problems.ts";
import { earlyEndError } from "./early-end.ts";
import { mostMemory } from "./memory-bounds.ts";
import type { EngineRequest, ResultFacts } from "./protocol.ts";

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
export async function prepareIn(process: WatchedProcess, job: PrepareJob): Promise<PreparedQuery> {
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
