import { type Problem, UserError } from "../../../errors/expected-error.ts";
import { locateByte, locateWord, type SqlText } from "../engine.ts";
import { type DuckdbSession, quoteText } from "./duckdb-session.ts";

/** A node of DuckDB's serialized syntax tree. `query_location` is a byte offset, or an absurdly large number when unknown. */
export type SyntaxNode = Readonly<Record<string, unknown>>;

interface Serialized {
  error: boolean;
  error_type?: string;
  error_message?: string;
  position?: string;
  statements?: SyntaxNode[];
}

/** The syntax tree of the one SELECT that the text must be; the engine's own parser decides. Throws UserError otherwise. */
export async function parseQuery(session: DuckdbSession, sql: SqlText): Promise<SyntaxNode> {
  if (sql.text.includes("\0"))
    throw new UserError({ message: "the query has a NUL character", where: locateByte(sql, 0) });
  const { json } = await session.row(`SELECT json_serialize_sql(${quoteText(sql.text)}) AS json`);
  const parsed = JSON.parse(String(json)) as Serialized;
  if (parsed.error) throw new UserError(parseProblem(sql, parsed));
  const [statement, second] = parsed.statements ?? [];
  if (!statement) throw new UserError({ message: "the query is empty", hint: selectHint, where: locateByte(sql, 0) });
  if (second) {
    const message = "the file has more than one statement; a feature query is exactly one SELECT";
    throw new UserError({ message, hint: "use WITH for intermediate steps", where: secondStatement(sql) });
  }
  return statement;
}

const selectHint = "write one SELECT that returns one row per example";

function parseProblem(sql: SqlText, { error_type, error_message = "", position }: Serialized): Problem {
  if (error_type === "not implemented") {
    const hint =
      "no COPY, ATTACH, INSTALL, SET, PRAGMA, INSERT or the like; a PIVOT goes into a subquery and names its values with IN";
    return {
      message: "a feature query is exactly one SELECT, and this is another statement",
      hint,
      where: firstWord(sql),
    };
  }
  // What DuckDB says of a name of more than three parts is meant for those who build it.
  if (/^(?:NameListToString|TransformFuncCall)\b/.test(error_message)) return longName(sql);
  const message = error_message.replace(/\n[\s\S]*$/, "");
  return { message, hint: selectHint, where: locateByte(sql, Number(position ?? 0)) };
}

function longName(sql: SqlText): Problem {
  const part = String.raw`(?:"(?:[^"]|"")*"|[\w$]+)`;
  const found = new RegExp(String.raw`${part}(?:\s*\.\s*${part}){3,}`).exec(sql.text);
  return {
    message: `${found?.[0] ?? "a name"} has more parts than a database, a schema and a table or function`,
    hint: 'write the path of a file in one pair of double quotes: FROM lake."trips/2024/*.parquet"',
    where: locateByte(sql, Buffer.byteLength(sql.text.slice(0, found?.index ?? 0))),
  };
}

/** Skips what may stand before a statement: white space, comments, and the semicolon of an allowed first one. */
function firstWord(sql: SqlText): Problem["where"] {
  const lead = /^(?:\s|--[^\n]*|\/\*[\s\S]*?\*\/)*/.exec(sql.text)?.[0] ?? "";
  const other = /\b(?:copy|attach|install|load|set|pragma|insert|update|delete|create|drop|call|export|pivot)\b/i;
  const word = other.exec(sql.text.slice(lead.length))?.[0];
  return word ? locateWord(sql, word) : locateByte(sql, Buffer.byteLength(lead));
}

function secondStatement(sql: SqlText): Problem["where"] {
  const semicolon = /;\s*(?=\S)/.exec(sql.text);
  const index = semicolon ? semicolon.index + semicolon[0].length : 0;
  return locateByte(sql, Buffer.byteLength(sql.text.slice(0, index)));
}
