import { variableOf } from "../../sources/variables.ts";
import type { Engine, PreparedQuery, PrepareJob, QueryJob, QueryResult, SourceJob } from "../engine.ts";
import { refuseRepeated } from "../query-problems.ts";
import { queryResult } from "../query-result.ts";
import { checkSource, type PostgresSource } from "./address.ts";
import type { Connection } from "./connection.ts";
import { explained } from "./explain-error.ts";
import { judgePostgres, type PostgresQuery } from "./judge-query.ts";
import { openSource } from "./open-source.ts";
import { postgresSession } from "./postgres-session.ts";
import { describeQuery, fillTable, planQuery, windowTexts } from "./run-query.ts";

/** The temporary table that holds the query's result as it came. */
const resultTable = "mergeml_result";

/** PostgreSQL at a source. A connection is made for each query, and lives until its result is closed. */
export function openPostgres({ name, source, env, files }: SourceJob<"postgres">): Engine {
  const address = (): PostgresSource => {
    const url = variableOf(name, source.url, env);
    const found = { name, url, variable: source.url.env, schemas: source.schemas };
    checkSource(found);
    return found;
  };
  const judge = (job: PrepareJob) => judgePostgres(job, { name, schemas: source.schemas });
  return {
    async prepare(job) {
      const judged = await judge(job);
      return inServer(address(), job, (connection) => prepare(connection, job, judged));
    },
    async query(job) {
      const judged = await judge(job);
      const server = address();
      return inServer(server, job, (connection) => run(connection, server, job, judged, files));
    },
  };
}

/** How often a query is begun, and how long to wait before it is begun again, in milliseconds. */
const [mostAttempts, firstWaitMs] = [4, 250];

/** On a connection, which `work` closes unless it throws. Begun again from the start when the connection is lost: nothing was kept. */
async function inServer<T>(
  server: PostgresSource,
  job: PrepareJob,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    let connection: Connection | null = null;
    try {
      connection = await openSource(server, job);
      return await work(connection);
    } catch (error) {
      await connection?.close();
      const told = explained(error, { server, job, what: "the query" });
      if (!told.passing || attempt === mostAttempts) throw told.error;
      await new Promise((resolve) => setTimeout(resolve, firstWaitMs * 4 ** (attempt - 1)));
    }
  }
}

async function prepare(connection: Connection, job: PrepareJob, judged: PostgresQuery): Promise<PreparedQuery> {
  const { columns } = await describeQuery(connection, judged);
  refuseRepeated(
    job.sql,
    columns.map(({ name }) => name),
  );
  await planQuery(connection, judged, await windowTexts(connection, job.window));
  await connection.close();
  return { columns, parameters: judged.parameters };
}

async function run(
  connection: Connection,
  server: PostgresSource,
  job: QueryJob,
  judged: PostgresQuery,
  files: SourceJob["files"],
): Promise<QueryResult> {
  const described = await describeQuery(connection, judged);
  refuseRepeated(
    job.sql,
    described.columns.map(({ name }) => name),
  );
  await fillTable(connection, resultTable, described, judged, await windowTexts(connection, job.window));
  const session = postgresSession(connection, { table: resultTable, columns: described.columns, files, job });
  const result = await queryResult(session, resultTable, job.staging, judged.parameters);
  const { tables } = judged;
  const sources = [{ source: server.name, read: "database" as const, tables }];
  return told({ ...result, ...(tables.length > 0 && { sources }) }, server, job);
}

const words = {
  check: "checking the query's rows",
  facts: "looking through the query's rows",
  repeatedKeys: "looking for repeated keys in the query's rows",
  save: "writing the query's rows",
  write: "splitting the query's rows",
} as const;

/** A result whose errors speak of the query and the server. What is lost with the connection is not begun again: the rows are gone with it. */
function told(result: QueryResult, server: PostgresSource, job: QueryJob): QueryResult {
  const telling =
    <Given extends readonly unknown[], T>(step: keyof typeof words, work: (...given: Given) => Promise<T>) =>
    async (...given: Given): Promise<T> => {
      try {
        return await work(...given);
      } catch (error) {
        throw explained(error, { server, job, what: words[step] }).error;
      }
    };
  return {
    ...result,
    check: telling("check", result.check),
    facts: telling("facts", result.facts),
    repeatedKeys: telling("repeatedKeys", result.repeatedKeys),
    save: telling("save", result.save),
    write: telling("write", result.write),
  };
}
