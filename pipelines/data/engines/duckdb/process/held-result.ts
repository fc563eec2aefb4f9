import { EndedEarly, type WatchedProcess } from "../../../../process/watched-process.ts";
import type { QueryJob, QueryResult } from "../../engine.ts";
import { earlyEndError } from "./early-end.ts";
import { mostMemory } from "./memory-bounds.ts";
import type { EngineRequest, ResultFacts } from "./protocol.ts";

const words: Readonly<Record<EngineRequest["step"], string>> = {
  query: "the query",
  check: "checking the query's rows",
  facts: "looking through the query's rows",
  repeatedKeys: "looking for repeated keys in the query's rows",
  save: "writing the query's rows",
  write: "splitting the query's rows",
  close: "letting go of the query's rows",
};

/** Runs a query in a process, which then holds the result until it is closed. All steps together have the job's time. */
export async function holdResult(process: WatchedProcess, job: QueryJob): Promise<QueryResult> {
  await process.ready().catch((error: unknown) => {
    throw error instanceof EndedEarly ? earlyEndError(error, "starting the engine", job) : error;
  });
  let spent = 0;
  const ask = async <Answer>(request: EngineRequest): Promise<Answer> => {
    const started = performance.now();
    try {
      const limits = { seconds: job.limits.seconds - spent, bytes: mostMemory(job.limits) };
      return (await process.ask(request, limits)) as Answer;
    } catch (error) {
      throw error instanceof EndedEarly ? earlyEndError(error, words[request.step], job) : error;
    } finally {
      spent += (performance.now() - started) / 1000;
    }
  };
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
