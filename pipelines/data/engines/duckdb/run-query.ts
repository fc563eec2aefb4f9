import type { DuckDBValue } from "@duckdb/node-api";
import type { Window } from "../../../config/model-config.ts";
import { type Problem, UserError } from "../../../errors/user-error.ts";
import { locateWord, type SqlText } from "../../sql-text.ts";
import type { QueryJob } from "../engine.ts";
import { boundPlan } from "./bound-plan.ts";
import { type ResolvedQuery, resolveFiles } from "./file-names.ts";
import { orderedPart, orderUse } from "./order-dependence.ts";
import { parseQuery, type SyntaxNode } from "./parse-query.ts";
import { queryError } from "./query-error.ts";
import { surveyQuery } from "./query-rules.ts";
import { quoteText } from "./quote.ts";
import { type FunctionRules, functionRules } from "./refused-functions.ts";
import { copyRows, describedColumns, openOrderedSession } from "./rows-in-order.ts";
import type { Session } from "./session.ts";

/** The table that holds the query's result as it came. */
export const resultTable = "mergeml_result";

/** A query that was judged and may run. */
export interface AllowedQuery {
  query: ResolvedQuery;
  parameters: readonly string[];
  /** What in it depends on the order of rows, in words; null when the same rows in any order give the same result. */
  ordered: string | null;
}

/** Parses and judges the query, and looks its files up. Throws UserError with every objection. */
export async function allowQuery(
  session: Session,
  { sql, window, noWindow, unusedWindow, folders }: QueryJob,
): Promise<AllowedQuery> {
  const tree = await parseQuery(session, sql);
  const rules = await functionRules(session);
  const { files, parameters, problems } = surveyQuery(sql, tree, rules.refused);
  const objections = [
    ...problems,
    ...parameterProblems(sql, parameters, window ? null : (noWindow ?? modelLacksWindow)),
    ...(window && parameters.length === 0 && unusedWindow ? [unusedWindow] : []),
  ];
  if (objections.length > 0) throw new UserError(objections);
  const query = await resolveFiles(sql, files, folders);
  return { query, parameters, ordered: await orderedBy(session, tree, query, rules) };
}

/** What cannot be told counts as dependent: it costs time, and the other way round would cost the promise. */
async function orderedBy(
  session: Session,
  tree: SyntaxNode,
  query: ResolvedQuery,
  rules: FunctionRules,
): Promise<string | null> {
  const { perhaps, surely } = orderUse(tree, rules);
  if (surely !== null || !perhaps) return surely;
  const plan = await boundPlan(session, tree, query);
  return plan === null ? "a step whose order cannot be told" : orderedPart(plan);
}

const modelLacksWindow = {
  why: "the model has no window",
  hint: "add features.window: { start: 2001-01-01, end: 2001-04-01 } to model.yaml",
};

function parameterProblems(
  sql: SqlText,
  parameters: readonly string[],
  noWindow: QueryJob["noWindow"] | null,
): Problem[] {
  return parameters.flatMap((name) => {
    const where = locateWord(sql, `$${name}`);
    if (!["start", "end"].includes(name)) {
      const hint = "a feature query has the parameters $start and $end (end exclusive), from features.window";
      return [{ message: `the query has no parameter $${name}`, hint, where }];
    }
    if (!noWindow) return [];
    return [{ message: `the query uses $${name}, but ${noWindow.why}`, hint: noWindow.hint, where }];
  });
}

/**
 * Runs the query once and keeps its result in a temporary table, so that checks, split and fingerprint see the same rows.
 * The text was parsed alone as one SELECT, so nothing in it can reach out of the statement it is put into.
 */
export async function runQuery(session: Session, job: QueryJob, allowed: AllowedQuery): Promise<void> {
  const values = await windowValues(session, job.window, allowed.parameters);
  await (allowed.ordered === null
    ? runInAnyOrder(session, job, allowed, values)
    : runInOrder(session, job, allowed, values));
}

type Values = Record<string, DuckDBValue>;

async function runInAnyOrder(session: Session, job: QueryJob, allowed: AllowedQuery, values: Values): Promise<void> {
  const opening = `CREATE TEMP TABLE ${resultTable} AS\n`;
  const statement = opening + allowed.query.text;
  await explained(session, job, allowed, opening, async () => {
    await expectOneStatement(session, statement);
    await session.run(statement, values);
  });
  await refuseRepeatedNames(session, job.sql, allowed.query, values);
}

async function runInOrder(session: Session, job: QueryJob, allowed: AllowedQuery, values: Values): Promise<void> {
  const { text } = allowed.query;
  const readable = job.folders.filter(({ exists }) => exists).map(({ path }) => path);
  const memoryGb = job.limits.memory_gb;
  using source = await openOrderedSession(readable, memoryGb);
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
  session: Session,
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

async function expectOneStatement(session: Session, statement: string): Promise<void> {
  const { count } = await session.connection.extractStatements(statement);
  if (count !== 1) throw new Error(`the query became ${count} statements`);
}

async function windowValues(
  session: Session,
  window: Window | null,
  parameters: readonly string[],
): Promise<Record<string, DuckDBValue>> {
  const { DuckDBTimestampValue } = await import("@duckdb/node-api");
  const values: Record<string, DuckDBValue> = {};
  for (const name of window ? parameters : []) {
    const text = name === "start" ? window?.start : window?.end;
    const { micros } = await session.row(`SELECT epoch_us(CAST(${quoteText(text ?? "")} AS TIMESTAMPTZ)) AS micros`);
    values[name] = new DuckDBTimestampValue(BigInt(String(micros)));
  }
  return values;
}

/** DuckDB renames the second `a` to `a_1` without a word; only when that may have happened are the query's own names asked for. */
async function refuseRepeatedNames(
  session: Session,
  sql: SqlText,
  query: ResolvedQuery,
  values: Record<string, DuckDBValue>,
): Promise<void> {
  const names = (await session.rows(`DESCRIBE ${resultTable}`)).map((row) => String(row.column_name));
  const folded = new Set(names.map((name) => name.toLowerCase()));
  if (!names.some((name) => folded.has(name.toLowerCase().replace(/_\d+$/, "")) && /_\d+$/.test(name))) return;
  const written = (await session.connection.stream(query.text, values)).columnNames();
  refuseRepeated(sql, written);
}

function refuseRepeated(sql: SqlText, written: readonly string[]): void {
  const repeated = written.filter(
    (name, at) => written.findIndex((each) => each.toLowerCase() === name.toLowerCase()) < at,
  );
  if (repeated.length === 0) return;
  throw new UserError(
    [...new Set(repeated)].map((name) => ({
      message: `the query returns two columns named ${name} (upper and lower case are the same)`,
      hint: `name one otherwise: … AS ${name}_2`,
      where: locateWord(sql, name),
    })),
  );
}
