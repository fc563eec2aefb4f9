import type { Problem } from "../../../errors/user-error.ts";
import { locateByte, type SqlText } from "../../sql-text.ts";
import { sparkFunctions, sums, whyRefused, wordsBeforeParenthesis } from "./allowed-functions.ts";
import { type Token, tokensOf } from "./sql-tokens.ts";

/** A query taken apart, with what speaks against it. */
export interface JudgedTokens {
  tokens: readonly Token[];
  /** Names of parameters as written, without `$`. */
  parameters: readonly string[];
  problems: readonly Problem[];
}

/** Judges all that can be told before the query is sent: its first words, its functions, whether it is one statement. */
export function judgeTokens(sql: SqlText): JudgedTokens {
  const { tokens, unclear } = tokensOf(sql.text);
  const at = (index: number) => locateByte(sql, Buffer.byteLength(sql.text.slice(0, index)));
  const problems: Problem[] = [];
  const refuse = (message: string, hint: string, index: number) => problems.push({ message, hint, where: at(index) });
  if (unclear) refuse(unclear.message, unclear.hint, unclear.start);
  if (sql.text.includes("${"))
    refuse(
      "the query has ${ in it, which Spark replaces before it reads the query",
      "take it apart: concat('$', '{')",
      sql.text.indexOf("${"),
    );
  const kept = withoutLastSemicolon(tokens);
  judgeShape(kept, refuse);
  for (const index of kept.keys()) judgeToken(kept, index, refuse);
  const parameters = kept.filter(({ kind }) => kind === "parameter").map(({ text }) => text.slice(1));
  return { tokens: kept, parameters: [...new Set(parameters)], problems };
}

type Refuse = (message: string, hint: string, index: number) => void;

const oneSelect = "a feature query is exactly one SELECT";

function withoutLastSemicolon(tokens: Token[]): Token[] {
  return tokens.at(-1)?.text === ";" ? tokens.slice(0, -1) : tokens;
}

function judgeShape(tokens: readonly Token[], refuse: Refuse): void {
  const first = tokens.find(({ text }) => text !== "(");
  if (!first || !/^(select|with)$/i.test(first.text)) {
    refuse(first ? `the query begins with ${first.text}` : "the query is empty", oneSelect, first?.start ?? 0);
  }
  let depth = 0;
  for (const { text, start } of tokens) {
    if (text === ";") refuse("the query has more than one statement", oneSelect, start);
    depth += text === "(" ? 1 : text === ")" ? -1 : 0;
    if (depth < 0) {
      refuse("a parenthesis is closed that was not opened", oneSelect, start);
      return;
    }
  }
  if (depth > 0) refuse("a parenthesis is not closed", oneSelect, tokens.at(-1)?.start ?? 0);
}

const refusedWords: Readonly<Record<string, string>> = {
  tablesample: "its rows are others each time",
  limit: "which rows are left depends on their order, which a cluster does not keep",
  offset: "which rows are left depends on their order, which a cluster does not keep",
  match_recognize: "it depends on the order of rows",
};

const ofSession =
  /^(current_(date|time|timestamp|user|catalog|database|schema|timezone)|session_user|localtimestamp|curdate)$/;

function judgeToken(tokens: readonly Token[], index: number, refuse: Refuse): void {
  const token = tokens[index]!;
  const [before, after] = [tokens[index - 1], tokens[index + 1]];
  const name = nameOf(token);
  if (token.kind === "word" && name in refusedWords && before?.text !== ".") {
    refuse(`${name.toUpperCase()} is not taken in a feature query`, refusedWords[name]!, token.start);
  }
  if (token.kind === "word" && ofSession.test(name) && before?.text !== ".") {
    refuse(
      `${name} is not taken in a feature query`,
      "the dataset must not depend on who asks, or when; use $start and $end",
      token.start,
    );
  }
  if (isFileFormat(tokens, index) || (token.kind === "quoted" && /[/:\\]/.test(token.text) && before?.text === ".")) {
    refuse(
      "the query reads files by their path",
      "read a table of the source's schemas; a column with such a name needs another one first",
      token.start,
    );
  }
  if (token.kind === "word" && name === "using" && after?.kind === "string") {
    refuse("the query runs a program on the cluster", "use SQL", token.start);
  }
  if (
    token.kind === "word" &&
    name === "rows" &&
    /^(between|unbounded|current|\d+)$/i.test(after?.text ?? "") &&
    isFrame(before)
  ) {
    refuse("a window over ROWS depends on their order", "use RANGE, which takes equal rows together", token.start);
  }
  if (after?.text === "(" && (token.kind === "word" || token.kind === "quoted")) judgeCall(tokens, index, refuse);
}

const fileFormats = /^(parquet|csv|json|orc|text|avro|xml|delta|iceberg|hudi|binaryfile|image|libsvm|jdbc|kafka|hive)$/;

/** Whether files follow where a table's name is: `FROM parquet.`…``. A column `json.name` is none. */
function isFileFormat(tokens: readonly Token[], index: number): boolean {
  const [before, , after, path] = [index - 1, index, index + 1, index + 2].map((at) => tokens[at]);
  if (!fileFormats.test(nameOf(tokens[index]!)) || after?.text !== ".") return false;
  return /^(from|join|table)$/i.test(before?.text ?? "") || (before?.text === "," && path?.kind === "quoted");
}

/** A name before a frame is the end of an ORDER BY or of a PARTITION BY. */
function isFrame(before: Token | undefined): boolean {
  return before !== undefined && before.text !== "." && before.text !== ",";
}

function nameOf({ kind, text }: Token): string {
  return (kind === "quoted" ? text.slice(1, -1) : text).toLowerCase();
}

function judgeCall(tokens: readonly Token[], index: number, refuse: Refuse): void {
  const token = tokens[index]!;
  const before = tokens[index - 1];
  const name = nameOf(token);
  if (token.kind === "word" && wordsBeforeParenthesis.has(name) && before?.text !== ".") return;
  // A name for a table, with names for its columns.
  if (before?.kind === "word" && /^(as|with|recursive)$/i.test(before.text)) return;
  if (sums.has(name) && before?.text !== ".") {
    if (isExact(argument(tokens, index + 1))) return;
    const hint = `write ${name}(CAST(… AS DECIMAL(38, 6))), or count_if(…): sums of floating point come out differently from run to run`;
    refuse(`${name}() of what is not an exact number by its words`, hint, token.start);
    return;
  }
  if (before?.text !== "." && sparkFunctions.has(name)) return;
  refuse(`${name}() is not taken in a feature query`, whyRefused(name), token.start);
}

/** What is between a parenthesis and the one that closes it. */
function argument(tokens: readonly Token[], open: number): readonly Token[] {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    depth += tokens[at]!.text === "(" ? 1 : tokens[at]!.text === ")" ? -1 : 0;
    if (depth === 0) return tokens.slice(open + 1, at);
  }
  return [];
}

const exactType = /^(decimal|dec|numeric|bigint|long|int|integer|smallint|short|tinyint|byte)$/i;

/** Whether an expression is one whole CAST to an exact type, or an integer. */
function isExact(tokens: readonly Token[]): boolean {
  const [first, ...rest] = tokens[0]?.text.toLowerCase() === "distinct" ? tokens.slice(1) : tokens;
  if (rest.length === 0) return /^\d+$/.test(first?.text ?? "");
  if (!/^(try_)?cast$/i.test(first?.text ?? "")) return false;
  const inside = argument(rest, 0);
  if (inside.length !== rest.length - 2) return false;
  const types = inside.slice(inside.findLastIndex(({ text }) => /^as$/i.test(text)) + 1);
  return exactType.test(types[0]?.text ?? "");
}
