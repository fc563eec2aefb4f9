import type { DuckDBValue } from "@duckdb/node-api";
import type { Window } from "../../../config/model-config.ts";
import { type Problem, UserError } from "../../../errors/expected-error.ts";
import type { PreparedQuery, PrepareJob, QueryJob, SqlText } from "../engine.ts";
import { byPlace, refuseRepeated } from "../query-problems.ts";
import { type AllowedQuery, judgeQuery } from "./allow-query.ts";
import { namesMoment, withMoments } from "./bound-plan.ts";
import { sourceColumn } from "./duckdb-columns.ts";
import { duckdbError } from "./duckdb-error.ts";
import { type DuckdbSession, quoteText } from "./duckdb-session.ts";
import type { ResolvedQuery } from "./file-names.ts";
import { queryError } from "./query-error.ts";
import { copyRows, type DescribedColumn, describedColumns, openOrderedSession, type Values } from "./rows-in-order.ts";
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
async function expectOneStatement(session: DuckdbSession, statement: string): Promise<void> {
  const { count } = await session.connection.extractStatements(statement);
  if (count !== 1) throw new Error(`the query became ${count} statements`);
}

/** `$start` and `$end` as UTC timestamps, those of them that are used. */
async function windowValues(
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

/** Binds the query, of which no row is read: the engine looks into the head of a CSV or JSON file and a Parquet file's footer. */
export async function prepareQuery(session: DuckdbSession, job: PrepareJob): Promise<PreparedQuery> {
  const { query, parameters } = await judgeQuery(session, job);
  const values = await windowValues(session, job.window, parameters);
  const explain = (error: unknown) =>
    queryError(session, { ...job, ...job.limits, query, ordered: null, prefix: "DESCRIBE ".length }, error);
  await expectOneStatement(session, query.text);
  const columns =
    (values && (await bindOnce(session, query.text))) ?? (await bind(session, query.text, values, explain));
  refuseRepeated(
    job.sql,
    columns.map(({ name }) => name),
  );
  return { columns: columns.map(({ name, type }) => sourceColumn(name, type)), parameters };
}

/** The columns of a query with parameters that is right; null for all others, of which more has to be told. */
async function bindOnce(session: DuckdbSession, query: string): Promise<DescribedColumn[] | null> {
  const text = await withMoments(session, query);
  if (text === null) return null;
  await expectOneStatement(session, text);
  const columns = await describedColumns(session, text, undefined).catch(() => null);
  return columns?.some(({ name }) => namesMoment(name)) ? null : columns;
}

/** The engine names one column that it does not find; the others are asked for with NULL in its place. */
async function bind(
  session: DuckdbSession,
  text: string,
  values: Values,
  explain: (error: unknown) => Promise<unknown>,
): Promise<DescribedColumn[]> {
  const problems: Problem[] = [];
  let bytes: Buffer = Buffer.from(text);
  for (;;) {
    try {
      const columns = await describedColumns(session, bytes.toString(), values);
      if (problems.length === 0) return columns;
      throw new UserError(problems.sort(byPlace));
    } catch (error) {
      const missing = missingColumn(error);
      if (problems.length > 0 && (missing === null || problems.length === mostMissing))
        throw new UserError(problems.sort(byPlace));
      const explained = await explain(error);
      if (!(explained instanceof UserError)) throw explained;
      problems.push(...explained.problems.filter(({ message }) => problems.every((each) => each.message !== message)));
      const next = missing && withoutColumn(bytes, missing);
      if (!next) throw new UserError(problems.sort(byPlace), { cause: error });
      bytes = next;
    }
  }
}

/** A query of more wrong columns is of another table. */
const mostMissing = 20;

/** Where the engine did not find a column, in bytes of the query. */
function missingColumn(error: unknown): { offset: number } | null {
  const found = duckdbError(error);
  if (found?.error_subtype !== "COLUMN_NOT_FOUND" || found.position === undefined) return null;
  return { offset: Number(found.position) - "DESCRIBE ".length };
}

/** The query with NULL where the column's name is, of the same length; null when the name is too short for that. */
function withoutColumn(bytes: Buffer, { offset }: { offset: number }): Buffer | null {
  const name = /^(?:[\p{L}\p{N}_]+|"(?:[^"]|"")*")(?:\.(?:[\p{L}\p{N}_]+|"(?:[^"]|"")*"))*/u.exec(
    bytes.toString("utf8", offset, offset + 500),
  );
  const length = Buffer.byteLength(name?.[0] ?? "");
  if (length < 4) return null;
  return Buffer.concat([
    bytes.subarray(0, offset),
    Buffer.from("NULL".padEnd(length)),
    bytes.subarray(offset + length),
  ]);
}
