import type { Node } from "libpg-query";
import { type Problem, UserError } from "../../../errors/expected-error.ts";
import { locateByte, type SqlText } from "../engine.ts";

/** A query as the server gets it: as long as the user's in bytes, with `$1` and `$2` where it has `$start` and `$end`. */
export interface ParsedQuery {
  text: string;
  /** The SELECT. */
  tree: Node;
  /** Names of parameters as written, without `$`, in the order of their numbers. */
  parameters: readonly string[];
  /** The words of the user's text, comments left out. */
  tokens: readonly Token[];
}

const selectHint = "write one SELECT that returns one row per example";

/** Parses the one SELECT that the text must be, with PostgreSQL's own parser. Throws UserError otherwise. */
export async function parsePostgres(sql: SqlText): Promise<ParsedQuery> {
  if (sql.text.includes("\0"))
    throw new UserError({ message: "the query has a NUL character", where: locateByte(sql, 0) });
  const parser = await import("libpg-query");
  await parser.loadModule();
  const tokens = attempt(sql, () => parser.scanSync(sql.text).tokens).filter(
    ({ tokenName }) => !/COMMENT/.test(tokenName),
  );
  const given = numberParameters(sql, tokens);
  const { stmts = [] } = attempt(sql, () => parser.parseSync(given.text));
  const [statement, second] = stmts;
  if (!statement?.stmt)
    throw new UserError({ message: "the query is empty", hint: selectHint, where: locateByte(sql, 0) });
  if (second) {
    const message = "the file has more than one statement; a feature query is exactly one SELECT";
    const where = locateByte(sql, firstByte(sql, second.stmt_location ?? 0));
    throw new UserError({ message, hint: "use WITH for intermediate steps", where });
  }
  if (!("SelectStmt" in statement.stmt)) {
    const message = "a feature query is exactly one SELECT, and this is another statement";
    const hint = "no COPY, SET, INSERT, CREATE, CALL, DO or the like";
    throw new UserError({ message, hint, where: locateByte(sql, firstByte(sql, 0)) });
  }
  return { ...given, tree: statement.stmt, tokens };
}

/** A word of a query; places are in bytes. */
interface Token {
  start: number;
  end: number;
  text: string;
}

const named = ["start", "end"];

/** The tokens know what is inside of texts and comments. Others after a `$` are left, and PostgreSQL refuses them. */
function numberParameters(sql: SqlText, tokens: readonly Token[]): Pick<ParsedQuery, "text" | "parameters"> {
  const [text, parameters] = [Buffer.from(sql.bytes), new Set<string>()];
  for (const [at, { text: sign, start, end }] of tokens.entries()) {
    if (/^\$\d/.test(sign)) throw new UserError(parameterProblem(sql, sign, start));
    const next = tokens[at + 1];
    const name = next?.text.toLowerCase() ?? "";
    if (sign !== "$" || next?.start !== end || !named.includes(name)) continue;
    parameters.add(name);
    text.write(`$${named.indexOf(name) + 1}`.padEnd(next.end - start), start);
  }
  return { text: text.toString(), parameters: named.filter((name) => parameters.has(name)) };
}

/** With what the parser says told of the user's file. It counts in characters, and from none. */
function attempt<T>(sql: SqlText, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof RangeError)
      throw new UserError({ message: "the query is nested too deeply", where: locateByte(sql, 0) }, { cause: error });
    const details = "sqlDetails" in error ? (error.sqlDetails as { cursorPosition?: number }) : null;
    if (!details) throw error;
    throw new UserError(syntaxProblem(sql, error.message, details.cursorPosition ?? 0), { cause: error });
  }
}

function syntaxProblem(sql: SqlText, message: string, position: number): Problem {
  const offset = Buffer.byteLength([...sql.text].slice(0, position).join(""));
  const parameter = /^\$\p{L}[\p{L}\p{N}_]*/u.exec(sql.bytes.toString("utf8", offset, offset + 200))?.[0];
  if (parameter !== undefined) return parameterProblem(sql, parameter, offset);
  return { message, hint: selectHint, where: locateByte(sql, offset) };
}

function parameterProblem(sql: SqlText, name: string, offset: number): Problem {
  const hint = "a feature query has the parameters $start and $end (end exclusive), from features.window";
  return { message: `the query has no parameter ${name}`, hint, where: locateByte(sql, offset) };
}

/** Skips white space and comments. */
function firstByte({ bytes }: SqlText, offset: number): number {
  const rest = bytes.toString("utf8", offset);
  const lead = /^(?:\s|;|--[^\n]*|\/\*[\s\S]*?\*\/)*/.exec(rest)?.[0] ?? "";
  return offset + Buffer.byteLength(lead);
}
