import { join } from "node:path";
import type { Engine, PrepareJob, QueryJob } from "../engine.ts";
import { queryResult, resultFiles } from "../query-result.ts";
import { allowQuery } from "./allow-query.ts";
import { type DuckdbSession, openDuckdbSession } from "./duckdb-session.ts";
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
    const options = { ...job.limits, readable: readableFolders(job) };
    const key = JSON.stringify(options);
    const session = takeWaiting(key) ?? (await openDuckdbSession(options));
    try {
      const prepared = await prepareQuery(session, job);
      waiting?.session[Symbol.dispose]();
      waiting = { key, session };
      return prepared;
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
  },
};

/** The session of the last query that was prepared, which reads no row and leaves nothing: many models share their folders. */
let waiting: { key: string; session: DuckdbSession } | null = null;

function takeWaiting(key: string): DuckdbSession | null {
  const found = waiting;
  waiting = null;
  if (found?.key === key) return found.session;
  found?.session[Symbol.dispose]();
  return null;
}

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
