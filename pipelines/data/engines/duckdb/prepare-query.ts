import { type Problem, UserError } from "../../../errors/user-error.ts";
import type { PreparedQuery, PrepareJob } from "../engine.ts";
import { byPlace, refuseRepeated } from "../query-problems.ts";
import { judgeQuery } from "./allow-query.ts";
import { namesMoment, withMoments } from "./bound-plan.ts";
import { sourceColumn } from "./duckdb-columns.ts";
import { duckdbError } from "./duckdb-error.ts";
import type { DuckdbSession } from "./duckdb-session.ts";
import { queryError } from "./query-error.ts";
import { type DescribedColumn, describedColumns, type Values } from "./rows-in-order.ts";
import { expectOneStatement, windowValues } from "./run-query.ts";

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
