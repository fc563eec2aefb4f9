import { EnvironmentError, type Problem, UserError } from "../../../errors/expected-error.ts";
import { encryptionWords } from "../../encryption-words.ts";
import { variableOf } from "../../sources/missing-credential.ts";
import {
  type Engine,
  locateByte,
  locateWord,
  type PreparedQuery,
  type PrepareJob,
  type QueryJob,
  type QueryResult,
  type SourceEngine,
  type SourceJob,
} from "../engine.ts";
import { outOfTime, refuseRepeated } from "../query-problems.ts";
import { queryResult } from "../query-result.ts";
import { type Connection, TimeIsUp } from "./connection.ts";
import { judgePostgres, type PostgresQuery } from "./judge-query.ts";
import { checkSource, openSource, type PostgresSource, placeOf } from "./open-source.ts";
import { connectionWords, isPassing, type PostgresError, postgresError } from "./postgres-error.ts";
import { postgresSession } from "./postgres-session.ts";
import { describeQuery, fillTable, InQuery, planQuery, windowTexts } from "./run-query.ts";

/** The temporary table that holds the query's result as it came. */
const resultTable = "mergeml_result";

/** How often a query is begun, and how long to wait before it is begun again, in milliseconds. */
const [mostAttempts, firstWaitMs] = [4, 250];

const words = {
  check: "checking the query's rows",
  facts: "looking through the query's rows",
  repeatedKeys: "looking for repeated keys in the query's rows",
  save: "writing the query's rows",
  write: "splitting the query's rows",
} as const;

/** PostgreSQL: runs feature queries in the server of a source, and takes from it the rows to train on and aggregates. */
export const postgres: SourceEngine<"postgres"> = { start: openPostgres };

/** PostgreSQL at a source. A connection is made for each query, and lives until its result is closed. */
function openPostgres({ name, source, env, files }: SourceJob<"postgres">): Engine {
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

/** Whose error it is. */
interface ErrorContext {
  server: PostgresSource;
  job: PrepareJob;
  /** What was done, such as "the query". */
  what: string;
}

/** The error to throw, in words about the query and the server and without the password; `passing` when it may help to begin again. */
function explained(thrown: unknown, context: ErrorContext): { error: unknown; passing: boolean } {
  const { server, job, what } = context;
  const error = thrown instanceof InQuery ? thrown.cause : thrown;
  if (error instanceof TimeIsUp)
    return lasting(new UserError(outOfTime(job.sql, what, job.limits.seconds), { cause: error.cause }));
  const found = postgresError(error);
  const passing = isPassing(error);
  if (found && !passing) return lasting(serverError(found, thrown, context));
  const words = found?.message ?? connectionWords(error) ?? encryptionWords(error);
  if (words === null) return lasting(error);
  const message = `source ${server.name}: no connection to PostgreSQL at ${placeOf(server)}: ${words}`;
  const tried = `${what === "the query" ? "to run" : `${what} of`} ${job.sql.file}, several times where that is safe`;
  return { error: new EnvironmentError(message, { tried, safe: "nothing was stored" }, { cause: error }), passing };
}

function lasting(error: unknown): { error: unknown; passing: boolean } {
  return { error, passing: false };
}

function serverError(found: PostgresError, thrown: unknown, context: ErrorContext): Error {
  const { server, job, what } = context;
  const { sql } = job;
  if (/^28/.test(found.code)) return refusedSignIn(found, server);
  if (found.code === "57014") return new UserError(outOfTime(sql, what, job.limits.seconds), { cause: found });
  if (thrown instanceof InQuery) return new UserError(problemOf(found, thrown.prefix, context), { cause: found });
  if (/^(53|58|XX|3D)/.test(found.code)) {
    const safe = "nothing was stored";
    return new EnvironmentError(
      `source ${server.name}: ${found.message}`,
      { tried: `to run ${sql.file} at ${placeOf(server)}`, safe },
      { cause: found },
    );
  }
  return found;
}

/** Where who signs in is not let in, whatever is tried again. */
function refusedSignIn({ message, code }: PostgresError, server: PostgresSource): UserError {
  const key = `sources.${server.name}`;
  const from = server.variable === null ? "the source's address" : server.variable;
  const words = code === "28P01" ? "the server refuses the password" : message;
  const hint = `look at the user and the password in ${from}`;
  return new UserError({ message: `source ${server.name}: ${words} at ${placeOf(server)}`, hint, key });
}

function problemOf(found: PostgresError, prefix: number, { server, job: { sql } }: ErrorContext): Problem {
  const { message, position, hint, detail, code } = found;
  const quoted = /"([^"]+)"/.exec(message)?.[1] ?? /^permission denied for .* (\S+)$/.exec(message)?.[1] ?? "select";
  const index = Number(position ?? 0) - 1 - prefix;
  const offset = Buffer.byteLength([...sql.text].slice(0, Math.max(0, index)).join(""));
  const where = index >= 0 ? locateByte(sql, offset) : locateWord(sql, quoted.split(".").at(-1) ?? quoted);
  const hints = [detail, hint, code === "42501" ? `GRANT SELECT on it to the role of ${placeOf(server)}` : undefined];
  const told = hints.filter((each) => each !== undefined).join("\n");
  return { message: shortened(message), ...(told === "" ? {} : { hint: shortened(told) }), where };
}

/** The server quotes a value that it cannot convert as a whole. */
function shortened(text: string): string {
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
