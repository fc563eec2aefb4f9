import { join } from "node:path";
import type { Engine, PrepareJob, QueryJob } from "../engine.ts";
import { queryResult, resultFiles } from "../query-result.ts";
import { allowQuery } from "./allow-query.ts";
import { openDuckdbSession } from "./duckdb-session.ts";
import { prepareQuery } from "./prepare-query.ts";
import { resultTable, runQuery } from "./run-query.ts";

/** DuckDB inside this process, which whoever wrote the query can then keep busy or fill: see `process/`. */
export const duckdbEngine: Engine = {
  async query(job) {
    const session = await openDuckdbSession(sessionOptions(job));
    try {
      const allowed = await allowQuery(session, job);
      await runQuery(session, job, allowed);
      return await queryResult(session, resultTable, job.staging, allowed.parameters);
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
  },
  async prepare(job) {
    using session = await openDuckdbSession({ ...job.limits, readable: readableFolders(job) });
    return await prepareQuery(session, job);
  },
};

function readableFolders({ folders }: PrepareJob): string[] {
  return folders.filter(({ exists }) => exists).map(({ path }) => path);
}

function sessionOptions(job: QueryJob) {
  const { staging, limits } = job;
  return {
    ...limits,
    readable: readableFolders(job),
    writable: resultFiles(staging),
    spill: join(staging, "spill"),
  };
}
