import { UserError } from "../../../errors/expected-error.ts";
import { locateByte, locateWord, type PrepareJob, type SqlText } from "../engine.ts";
import { byPlace, parameterProblems } from "../query-problems.ts";
import { sparkDialect } from "./dialect.ts";
import { judgePlan, type TableRules, tablesInPlan } from "./judge-plan.ts";
import { judgeTokens } from "./judge-tokens.ts";
import type { Token } from "./sql-tokens.ts";
import { type Reason, StatementError, statementReason } from "./statement-error.ts";

/** What runs Spark SQL, one statement after the other. */
export interface SparkStatements {
  /** The rows of a statement, all of them; booleans, numbers, bigints for 64-bit integers, texts for all else. Throws StatementError. */
  rows(statement: string): Promise<Record<string, unknown>[]>;
  /** Stops what runs now. */
  interrupt(): void;
  close(): Promise<void>;
}

/** A query that may be sent, as a SELECT from which others can read: in parentheses the parser takes nothing but a query. */
export interface SparkQuery {
  /** `(` … `)`, each on a line of its own, so that lines in errors are those of the file and one. */
  relation: string;
  parameters: readonly string[];
  /** The place in the user's file of one that Spark tells of; the query begins on its second line. */
  locate(reason: Reason): ReturnType<typeof locateWord>;
}

/** Judges what can be told of the text alone; nothing is sent. Throws UserError with every objection. */
export function judgeText(job: PrepareJob, source?: TablePrefix): SparkQuery {
  const { sql, window } = job;
  const { tokens, parameters, problems } = judgeTokens(sql);
  const objections = [...problems, ...parameterProblems(job, parameters)];
  if (objections.length > 0) throw new UserError(objections.sort(byPlace));
  const values = { $start: window?.start ?? "", $end: window?.end ?? "" };
  const edits = tokens.flatMap(({ kind, text, start, end }, at): Edit[] => {
    if (kind === "parameter") return [{ start, end, value: sparkDialect.instant(values[text as keyof typeof values]) }];
    return isPrefix(tokens, at, source) ? [{ start, end: end + 1, value: "" }] : [];
  });
  const written = replaced(sql.text.slice(0, endOf(tokens)), edits);
  return {
    relation: `(\n${written}\n)`,
    parameters,
    locate: ({ at, message }) => (at && at.line > 1 ? place(sql, at, edits) : locateWord(sql, namedIn(message))),
  };
}

/** What the name of a table may begin with, as DuckDB's would: the source, which the server knows nothing of. */
interface TablePrefix {
  name: string;
  schemas: readonly string[];
}

/** Whether a name is the source's, with a point right behind it and a schema of it behind that. */
function isPrefix(tokens: readonly Token[], at: number, source: TablePrefix | undefined): boolean {
  const [before, name, point, schema] = [at - 1, at, at + 1, at + 2].map((place) => tokens[place]);
  if (!source || name?.text !== source.name || point?.text !== "." || point.start !== name.end) return false;
  return /^(from|join|,)$/i.test(before?.text ?? "") && source.schemas.includes(schema?.text.replaceAll("`", "") ?? "");
}

/** Without the last semicolon and what follows it. */
function endOf(tokens: readonly Token[]): number {
  return tokens.at(-1)?.end ?? 0;
}

interface Edit {
  start: number;
  end: number;
  value: string;
}

function replaced(text: string, edits: readonly Edit[]): string {
  let [result, from] = ["", 0];
  for (const { start, end, value } of edits) {
    result += text.slice(from, start) + value;
    from = end;
  }
  return result + text.slice(from);
}

function place(sql: SqlText, { line, column }: { line: number; column: number }, edits: readonly Edit[]) {
  const lines = sql.text.split("\n");
  const begin = lines.slice(0, line - 2).reduce((sum, each) => sum + each.length + 1, 0);
  // Spark counts in the text with the window's values, which are longer than their names.
  const before = edits.filter(({ start }) => start >= begin && start < begin + column);
  const longer = before.reduce((sum, { start, end, value }) => sum + value.length - (end - start), 0);
  return locateByte(sql, Buffer.byteLength(sql.text.slice(0, begin + Math.max(0, column - longer))));
}

/** What a message is about stands in backquotes in it. */
function namedIn(message: string): string {
  return /`([^`]+)`(?!\.)/.exec(message)?.[1] ?? "select";
}

/** Has the query analysed, judges its plan, and gives the names of the tables that it reads; no row is read. Throws UserError, located in the query. */
export async function judgeInServer(
  statements: SparkStatements,
  { sql }: PrepareJob,
  query: SparkQuery,
  rules: TableRules,
): Promise<string[][]> {
  const lines = await statements.rows(`EXPLAIN EXTENDED SELECT * FROM ${query.relation}`);
  const plan = analysedPlan(lines.flatMap((row) => Object.values(row).map(String)).join("\n"));
  const catalog = rules.catalog ?? (await currentCatalog(statements));
  const objections = judgePlan(plan, { ...rules, catalog });
  if (objections.length === 0) return tablesInPlan(plan);
  throw new UserError(objections.map(({ message, hint, word }) => ({ message, hint, where: locateWord(sql, word) })));
}

async function currentCatalog(statements: SparkStatements): Promise<string> {
  const [row] = await statements.rows("SELECT current_catalog() AS catalog");
  return String(row?.catalog);
}

/** Throws StatementError with what stands in the plan's place when there is none. */
function analysedPlan(text: string): string {
  const [, section = ""] = /== Analyzed Logical Plan ==\n(.*?)(?:\n== Optimized Logical Plan ==|$)/s.exec(text) ?? [];
  const [first = "", ...tree] = section.split("\n");
  if (/^[\w.$]+(Exception|Error): /.test(first)) throw new StatementError(statementReason(section));
  // Above the tree stand the columns' names and types, which are no operators.
  const start = tree.findIndex((line) => /^'?[A-Z]\w*( |$|\()/.test(line));
  if (start < 0)
    throw new StatementError(statementReason(text.replace(/^Error occurred during query planning:\s*/, "")));
  return tree.slice(start).join("\n");
}
