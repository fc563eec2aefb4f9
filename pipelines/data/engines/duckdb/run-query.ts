import type { DuckDBValue } from "@duckdb/node-api";
import type { Window } from "../../../config/model-config.ts";
import type { SqlText } from "../../sql-text.ts";
import type { QueryJob } from "../engine.ts";
import { refuseRepeated } from "../query-problems.ts";
import type { AllowedQuery } from "./allow-query.ts";
import { quoteText } from "./dialect.ts";
import type { DuckdbSession } from "./duckdb-session.ts";
import type { ResolvedQuery } from "./file-names.ts";
import { queryError } from "./query-error.ts";
import { copyRows, describedColumns, openOrderedSession, type Values } from "./rows-in-order.ts";
import type { SourceConnection } from "./sources/connect-sources.ts";

/** The table that holds the query's result as it came. */
export const resultTable = "mergeml_result";

/**
 * Runs the query once and keeps its result in a temporary table, so that checks, split and fingerprint see the same rows.
 * The text was parsed alone as one SELECT, so nothing in it can reach out of the statement it is put into.
 */
export async function runQuery(
  session: DuckdbSession,
  job: QueryJob,
  allowed: AllowedQuery,
  sources?: SourceConnection,
): Promise<void> {
  const values = await windowValues(session, job.window, allowed.parameters);
  await (allowed.ordered === null
    ? runInAnyOrder(session, job, allowed, values)
    : runInOrder(session, job, allowed, values, sources));
}

async function runInAnyOrder(
  session: DuckdbSession,
  job: QueryJob,
  allowed: AllowedQuery,
  values: Values,
): Promise<void> {
  const opening = `CREATE TEMP TABLE ${resultTable} AS\n`;
  const statement = opening + allowed.query.text;
  await explained(session, job, allowed, opening, async () => {
    await expectOneStatement(session, statement);
    await session.run(statement, values);
  });
  await refuseRepeatedNames(session, job.sql, allowed.query, values);
}

async function runInOrder(
  session: DuckdbSession,
  job: QueryJob,
  allowed: AllowedQuery,
  values: Values,
  sources: SourceConnection | undefined,
): Promise<void> {
  const { text } = allowed.query;
  const readable = job.folders.filter(({ exists }) => exists).map(({ path }) => path);
  const memoryGb = job.limits.memory_gb;
  using source = await openOrderedSession(readable, memoryGb, sources);
  await explained(source, job, allowed, "DESCRIBE ", async () => {
    await expectOneStatement(source, text);
    const columns = await describedColumns(source, text, values);
    refuseRepeated(
      job.sql,
      Array.from(columns, ({ name }) => name),
    );
    await copyRows(source, session, { text, values, columns, table: resultTable, memoryGb });
  });
}

/** With errors of `session` told in words about the user's file. */
async function explained(
  session: DuckdbSession,
  { sql, limits }: QueryJob,
  { query, ordered }: AllowedQuery,
  opening: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const prefix = Buffer.byteLength(opening);
    throw await queryError(session, { sql, query, ordered, prefix, memory_gb: limits.memory_gb }, error);
  }
}

/** Throws when the text is more than one: then a rule has been got round. */
export async function expectOneStatement(session: DuckdbSession, statement: string): Promise<void> {
  const { count } = await session.connection.extractStatements(statement);
  if (count !== 1) throw new Error(`the query became ${count} statements`);
}

/** `$start` and `$end` as UTC timestamps, those of them that are used. */
export async function windowValues(
  session: DuckdbSession,
  window: Window | null,
  parameters: readonly string[],
): Promise<Values> {
  if (!window || parameters.length === 0) return undefined;
  const { DuckDBTimestampValue } = await import("@duckdb/node-api");
  const values: Record<string, DuckDBValue> = {};
  for (const name of parameters) {
    const text = name === "start" ? window.start : window.end;
    const { micros } = await session.row(`SELECT epoch_us(CAST(${quoteText(text)} AS TIMESTAMPTZ)) AS micros`);
    values[name] = new DuckDBTimestampValue(BigInt(String(micros)));
  }
  return values;
}

/** DuckDB renames the second `a` to `a_1` without a word; only when that may have happened are the query's own names asked for. */
async function refuseRepeatedNames(
  session: DuckdbSession,
  sql: SqlText,
  query: ResolvedQuery,
  values: Values,
): Promise<void> {
  const names = (await session.rows(`DESCRIBE ${resultTable}`)).map((row) => String(row.column_name));
  const folded = new Set(names.map((name) => name.toLowerCase()));
  if (!names.some((name) => folded.has(name.toLowerCase().replace(/_\d+$/, "")) && /_\d+$/.test(name))) return;
  const written = (await session.connection.stream(query.text, values)).columnNames();
  refuseRepeated(sql, written);
}
