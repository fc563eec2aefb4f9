import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../errors/expected-error.ts";
import type { SourceSnapshot } from "../../sources/source-snapshot.ts";
import type { Engine, PreparedQuery, PrepareJob, QueryJob, QueryResult } from "../engine.ts";
import { outOfTime, refuseRepeated } from "../query-problems.ts";
import { queryResult } from "../query-result.ts";
import { interruptAfter } from "../session.ts";
import { judgeInServer, judgeText, type SparkQuery, type SparkStatements } from "./allow-query.ts";
import type { TableRules } from "./judge-plan.ts";
import {
  openSparkSession,
  pinTables,
  type SparkSession,
  type TableVersions,
  tableVersions,
  versionsThen,
} from "./spark-session.ts";
import type { StagingArea } from "./staging-area.ts";
import { type Doing, inOurWords, mayPass } from "./statement-error.ts";

/** A server of Spark SQL, reached anew for each query. Opening it throws what `inOurWords` has words for. */
export interface SparkServer {
  /** For messages. */
  about: Pick<Doing, "source" | "host" | "variable">;
  rules: TableRules;
  /** Whether it keeps names for queries until the session ends. */
  names: boolean;
  open(): Promise<SparkStatements>;
  staging(): StagingArea;
}

/** Preparing reads no rows, but a cluster may have to start up first. */
const preparingSeconds = 300;

/** An engine over a server; what the server is made of is looked up when a query is run. */
export function sparkEngine(
  serverOf: () => SparkServer,
  source?: { name: string; schemas: readonly string[] },
): Engine {
  return {
    unstage: ({ url }) => serverOf().staging().remove(url.split("/").at(-1)!),
    async prepare(job) {
      const allowed = judgeText(job, source);
      const patient = { ...job, limits: { ...job.limits, seconds: preparingSeconds } };
      return withStatements(serverOf(), patient, allowed, async (statements, server) => {
        const { columns } = await prepare(statements, server, job, allowed);
        await statements.close();
        return { columns, parameters: allowed.parameters };
      });
    },
    async query(job) {
      const server = serverOf();
      const judged = judgeText(job, source);
      const { relation, pinned } = pinTables(judged.relation, versionsThen(job.pinned, server.about.source));
      const allowed = { ...judged, relation };
      return withStatements(server, job, allowed, (statements) => run(statements, server, { ...job, allowed, pinned }));
    },
  };
}

async function withStatements<T>(
  server: SparkServer,
  job: PrepareJob,
  allowed: SparkQuery,
  work: (statements: SparkStatements, server: SparkServer) => Promise<T>,
): Promise<T> {
  const doing = { ...server.about, tried: `to run ${job.sql.file}`, query: { sql: job.sql, allowed } };
  const statements = await openPatiently(server, doing);
  try {
    return await limited(statements, job, () => work(statements, server));
  } catch (error) {
    await statements.close();
    throw inOurWords(error, doing);
  }
}

/** How long to wait before it is tried again, in milliseconds. */
const waits = [500, 2_000, 5_000];

async function openPatiently(server: SparkServer, doing: Doing): Promise<SparkStatements> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await server.open();
    } catch (error) {
      const wait = waits[attempt];
      if (wait === undefined || !mayPass(error)) throw inOurWords(error, { ...doing, query: undefined });
      await sleep(wait);
    }
  }
}

async function limited<T>(
  statements: Pick<SparkStatements, "interrupt">,
  job: PrepareJob,
  work: () => Promise<T>,
): Promise<T> {
  const { seconds } = job.limits;
  const limit = interruptAfter(statements, seconds);
  try {
    return await work();
  } catch (error) {
    if (!limit.reached()) throw error;
    throw new UserError(outOfTime(job.sql, "the query", seconds), { cause: error });
  } finally {
    limit.stop();
  }
}

async function prepare(
  statements: SparkStatements,
  { rules, names, staging }: SparkServer,
  job: PrepareJob,
  allowed: SparkQuery,
): Promise<Pick<PreparedQuery, "columns"> & { tables: string[][] }> {
  const tables = await judgeInServer(statements, job, allowed, rules);
  const columns = await openSparkSession(statements, { staging: staging(), names }).columns(allowed.relation);
  refuseRepeated(
    job.sql,
    columns.map(({ name }) => name),
  );
  return { columns, tables };
}

/** A query that was judged, with tables at versions of theirs. */
type JudgedJob = Omit<QueryJob, "pinned"> & { allowed: SparkQuery; pinned: TableVersions };

async function run(statements: SparkStatements, server: SparkServer, job: JudgedJob): Promise<QueryResult> {
  const { allowed } = job;
  const { columns, tables } = await prepare(statements, server, job, allowed);
  const before = await tableVersions(statements, tables);
  const session = openSparkSession(statements, { staging: server.staging(), names: server.names });
  try {
    const kept = await session.keepColumns(columns, allowed.relation);
    const after = await tableVersions(statements, Object.keys(before).length > 0 ? tables : []);
    const versions = { ...unchanged(before, after), ...job.pinned };
    const result = await queryResult(session, kept, job.staging, allowed.parameters);
    const sources = tables.length > 0 && { sources: [tablesRead(server.about.source, tables, versions)] };
    return told({ ...result, ...sources }, session, server, job);
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Of a table that changed meanwhile it is not known which version was read. */
function unchanged(before: TableVersions, after: TableVersions): TableVersions {
  return Object.fromEntries(Object.entries(before).filter(([table, version]) => after[table] === version));
}

function tablesRead(source: string, tables: readonly string[][], versions: TableVersions): SourceSnapshot {
  const names = tables.map((parts) => parts.join("."));
  return { source, read: "database", tables: names, ...(Object.keys(versions).length > 0 && { versions }) };
}

const words = {
  check: "to check the query's rows",
  facts: "to look through the query's rows",
  repeatedKeys: "to look for repeated keys in the query's rows",
  save: "to write the query's rows",
  write: "to split the query's rows",
} as const;

/** The result, each step of which has its time, and errors that speak of the server. */
function told(result: QueryResult, session: SparkSession, { about }: SparkServer, job: PrepareJob): QueryResult {
  const step =
    <Given extends readonly unknown[], T>(name: keyof typeof words, work: (...given: Given) => Promise<T>) =>
    async (...given: Given): Promise<T> => {
      try {
        return await limited(session, job, () => work(...given));
      } catch (error) {
        throw inOurWords(error, { ...about, tried: words[name] });
      }
    };
  return {
    ...result,
    check: step("check", result.check),
    facts: step("facts", result.facts),
    repeatedKeys: step("repeatedKeys", result.repeatedKeys),
    save: step("save", result.save),
    write: step("write", result.write),
    close: () => session.close(),
  };
}
