import { type Problem, UserError } from "../../../errors/expected-error.ts";
import { nameHint } from "../../name-hint.ts";
import { locateByte, locateWord, type SqlText } from "../engine.ts";
import { machineErrorIn } from "../machine-error.ts";
import { type DuckdbError, duckdbError } from "./duckdb-error.ts";
import { type DuckdbSession, quoteText } from "./duckdb-session.ts";
import type { ResolvedQuery } from "./file-names.ts";
import { outOfMemory } from "./limit-problems.ts";
import { isOfWorld } from "./sources/source-error.ts";

/** What is needed to turn DuckDB's words about its text into words about the user's file. */
export interface QueryContext {
  sql: SqlText;
  query: ResolvedQuery;
  /** Bytes of our own text before the query. */
  prefix: number;
  memory_gb: number;
  /** What in the query depends on the order of rows, so that it ran in one thread without spilling. */
  ordered: string | null;
}

/** The error to throw for one that running the query threw: located in the user's file, and without this machine's paths. */
export async function queryError(session: DuckdbSession, context: QueryContext, error: unknown): Promise<unknown> {
  const found = duckdbError(error);
  if (!found) return error;
  if (found.exception_type === "Out of Memory") {
    return new UserError(outOfMemory(context.sql, "the query", context.memory_gb, context.ordered), { cause: error });
  }
  // What a server says is told in words about the source, by who knows it.
  if (context.query.sources.length > 0 && isOfWorld(error)) return error;
  const machine = machineErrorIn(session.dialect, error, `to run ${context.sql.file}`);
  if (machine || ["INTERNAL", "FATAL"].includes(found.exception_type.toUpperCase())) return machine ?? error;
  return new UserError(await problemOf(session, context, found), { cause: error });
}

async function problemOf(session: DuckdbSession, context: QueryContext, found: DuckdbError): Promise<Problem> {
  const where = whereOf(context, found);
  if (found.error_subtype === "COLUMN_NOT_FOUND" && found.name !== undefined) {
    return { ...(await missingColumn(session, context, found.name, found.candidates)), where };
  }
  const [first = "", ...rest] = withoutPaths(context, found.exception_message).trim().split("\n");
  const hint = rest
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(0, 12)
    .join("\n");
  return { message: shortened(first), ...(hint === "" ? {} : { hint }), where };
}

/** The engine quotes a value that it cannot convert as a whole. */
function shortened(message: string): string {
  return message.length > 400 ? `${message.slice(0, 400)}…` : message;
}

function whereOf(
  { sql, query, prefix }: QueryContext,
  { position, name, exception_message }: DuckdbError,
): Problem["where"] {
  if (position !== undefined) return locateByte(sql, query.original(Number(position) - prefix));
  const quoted = name ?? /['"]([^'"]+)['"]/.exec(exception_message)?.[1];
  return locateWord(sql, quoted ?? "select");
}

async function missingColumn(
  session: DuckdbSession,
  { sql, query }: QueryContext,
  name: string,
  candidates = "",
): Promise<Problem> {
  const column = name.split(".").at(-1) ?? name;
  const [file, second] = query.files;
  // The column may be one of a view's, whatever the view reads.
  const columns = file && !second && !sql.parts ? await columnsOf(session, file.path) : null;
  if (!file || !columns) {
    const near = candidates === "" ? "" : `close to it: ${candidates.split(",").join(", ")}`;
    return { message: `no column "${column}"`, ...(near === "" ? {} : { hint: near }) };
  }
  const hint = `${nameHint(column, columns)}it has: ${columns.join(", ")}`;
  return { message: `no column "${column}" in ${file.name}`, hint };
}

/** Null when the file cannot be read by itself, e.g. because it needs options of read_csv. */
async function columnsOf(session: DuckdbSession, path: string): Promise<string[] | null> {
  try {
    return (await session.rows(`DESCRIBE FROM ${quoteText(path)}`)).map((row) => String(row.column_name));
  } catch {
    return null;
  }
}

function withoutPaths({ query }: QueryContext, message: string): string {
  return query.files.reduce((text, { name, path }) => text.replaceAll(path, name), message);
}
