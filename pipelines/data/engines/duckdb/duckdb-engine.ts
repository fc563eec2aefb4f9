import { join } from "node:path";
import type { Engine, PreparedQuery, PrepareJob, QueryJob, QueryResult } from "../engine.ts";
import { queryResult, resultFiles } from "../query-result.ts";
import { allowQuery } from "./allow-query.ts";
import { type DuckdbSession, openDuckdbSession } from "./duckdb-session.ts";
import { prepareQuery, resultTable, runQuery } from "./run-query.ts";
import {
  requireUnchanged,
  type SourceConnection,
  snapshotSources,
  sourceConnection,
  withSources,
} from "./sources/connect-sources.ts";

/** DuckDB inside this process, which whoever wrote the query can then keep busy or fill: see `process/`. */
export const duckdbEngine: Engine = {
  async query(job) {
    const sources = await withSources(job, [], () => sourceConnection(job));
    return withSources(job, sources?.used ?? [], () => run(job, sources));
  },
  async prepare(job) {
    const sources = await withSources(job, [], () => sourceConnection(job));
    return withSources(job, sources?.used ?? [], () => prepare(job, sources));
  },
};

async function run(job: QueryJob, sources: SourceConnection | undefined): Promise<QueryResult> {
  const session = await openDuckdbSession({ ...sessionOptions(job), sources });
  try {
    const allowed = await allowQuery(session, job);
    const before = sources && (await snapshotSources(sources));
    await runQuery(session, job, allowed, sources);
    if (sources && before) requireUnchanged(before, await snapshotSources(sources));
    const result = await queryResult(session, resultTable, job.staging, allowed.parameters);
    return before ? { ...result, sources: before } : result;
  } catch (error) {
    session[Symbol.dispose]();
    throw error;
  }
}

async function prepare(job: PrepareJob, sources: SourceConnection | undefined): Promise<PreparedQuery> {
  const options = { ...job.limits, readable: readableFolders(job) };
  const key = JSON.stringify(options);
  const session = (sources ? null : takeWaiting(key)) ?? (await openDuckdbSession({ ...options, sources }));
  try {
    const prepared = await prepareQuery(session, job);
    if (sources) session[Symbol.dispose]();
    else {
      waiting?.session[Symbol.dispose]();
      waiting = { key, session };
    }
    return prepared;
  } catch (error) {
    session[Symbol.dispose]();
    throw error;
  }
}

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
