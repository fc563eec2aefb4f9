import type { QueryText, SourcePart } from "../../config/model-config.ts";
import { type SqlToken, sqlTokens } from "./sql-tokens.ts";

/** A place of a query that reads or names a feature view. */
export interface ViewMention {
  /** Folded to lower case. */
  view: string;
  start: number;
  end: number;
  /** `table`: read under its own name; `aliased`: read under another; `column`: the table part of a column's name. */
  use: "table" | "aliased" | "column";
}

/** Where in the query `features.<name>` stands for a view: where a table may stand, and before a column of such a table. */
export function viewMentions(text: string): ViewMention[] {
  const tokens = sqlTokens(text);
  const tables: ViewMention[] = [];
  const columns: ViewMention[] = [];
  const places = tablePlaces(tokens);
  for (const [at, token] of tokens.entries()) {
    const name = viewAt(tokens, at);
    if (!name) continue;
    const mention = { view: name.value.toLowerCase(), start: token.start, end: name.end };
    const next = tokens[at + 3];
    if (places.has(at)) tables.push({ ...mention, use: isAlias(next, tokens[at + 4]) ? "aliased" : "table" });
    else if (next?.value === ".") columns.push({ ...mention, use: "column" });
  }
  const read = new Set(tables.map(({ view }) => view));
  return [...tables, ...columns.filter(({ view }) => read.has(view))].sort((a, b) => a.start - b.start);
}

/** The name in `features . name`, when that is no part of a longer name such as `shop.features.orders`. */
function viewAt(tokens: readonly SqlToken[], at: number): SqlToken | null {
  const [schema, dot, name] = tokens.slice(at, at + 3);
  if (!schema || !isName(schema) || schema.value.toLowerCase() !== "features" || tokens[at - 1]?.value === ".")
    return null;
  return dot?.value === "." && name && isName(name) ? name : null;
}

function isName({ kind }: SqlToken): boolean {
  return kind === "word" || kind === "name";
}

const clauses = new Set(
  "select where group having order limit offset fetch union except intersect minus window qualify values returning set cluster distribute sort".split(
    " ",
  ),
);

interface Level {
  /** Whether the list of tables is being written, so that a comma begins another. */
  inFrom: boolean;
  /** Whether a table comes next. */
  expects: boolean;
  /** Of a call, as in `extract(hour FROM t)`: no FROM in it is a clause. */
  call: boolean;
}

/** The tokens that stand where a table may stand: after FROM and JOIN, and after a comma in such a list. */
function tablePlaces(tokens: readonly SqlToken[]): Set<number> {
  const places = new Set<number>();
  const levels: Level[] = [{ inFrom: false, expects: false, call: false }];
  for (const [at, token] of tokens.entries()) {
    const level = levels.at(-1)!;
    const word = token.kind === "word" ? token.value.toLowerCase() : token.value;
    const { expects } = level;
    level.expects = false;
    if (token.kind === "other" && word === "(") levels.push(opened(tokens, at, expects));
    else if (token.kind === "other" && word === ")") {
      if (levels.length > 1) levels.pop();
    } else if (token.kind === "other" && word === ",") level.expects = level.inFrom;
    else if (token.kind === "word" && beginsTables(tokens, at, level))
      Object.assign(level, { inFrom: true, expects: true });
    else if (expects && word === "lateral") level.expects = true;
    else if (expects) places.add(at);
    else if (token.kind === "word" && clauses.has(word) && tokens[at - 1]?.value !== ".") level.inFrom = false;
  }
  return places;
}

function beginsTables(tokens: readonly SqlToken[], at: number, { call }: Level): boolean {
  const word = tokens[at]!.value.toLowerCase();
  const before = tokens[at - 1];
  if (before?.value === ".") return false;
  if (word === "join") return true;
  return word === "from" && !call && !(before?.kind === "word" && before.value.toLowerCase() === "distinct");
}

/** Words that stand before a parenthesis without calling anything. */
const beforeQueries = new Set(
  "as in exists any all some not from join on using lateral and or when then else select where union except intersect by having values materialized".split(
    " ",
  ),
);

function opened(tokens: readonly SqlToken[], at: number, expects: boolean): Level {
  const before = tokens[at - 1];
  const first = tokens[at + 1];
  const isQuery = first?.kind === "word" && ["select", "with", "from"].includes(first.value.toLowerCase());
  const call = !isQuery && before !== undefined && isName(before) && !beforeQueries.has(before.value.toLowerCase());
  const inFrom = expects && !isQuery;
  return { inFrom, expects: inFrom, call };
}

/** Words that may follow a table and are no name for it. */
const following = new Set(
  "join inner left right full outer cross natural asof positional semi anti on using where group having order limit offset fetch union except intersect minus window qualify select tablesample pivot unpivot lateral for with returning".split(
    " ",
  ),
);

function isAlias(next: SqlToken | undefined, after: SqlToken | undefined): boolean {
  if (!next || !isName(next)) return false;
  if (next.kind === "name") return true;
  const word = next.value.toLowerCase();
  if (["sort", "cluster", "distribute"].includes(word)) return after?.value.toLowerCase() !== "by";
  return !following.has(word);
}

/** A piece of SQL that a query is put together of: a text of a file, or words of our own that stand for a place there. */
interface Piece {
  text: string;
  file: string;
  source: string;
  /** Where it begins in `source`. */
  index: number;
  own: boolean;
}

/** A query with a name, to be put before another. */
export interface NamedQuery {
  name: string;
  query: QueryText;
}

/** The name of a view's expression in a query's WITH. */
export function viewTable(name: string): string {
  return `features__${name}`;
}

/** The query with what it reads of `features` before it, as expressions of its WITH: one SELECT, in the SQL of any engine. */
export function composeQuery(query: QueryText, before: readonly NamedQuery[]): QueryText {
  if (before.length === 0) return query;
  const { text } = query;
  const tokens = sqlTokens(text);
  const hasWith = tokens[0]?.value.toLowerCase() === "with";
  const opening = tokens[hasWith && tokens[1]?.value.toLowerCase() === "recursive" ? 1 : 0];
  const head = hasWith && opening ? opening.end : 0;
  const known = new Set(before.map(({ name }) => name));
  const expressions = before.flatMap((each, at) => [
    glue(`${at === 0 ? (hasWith ? "\n" : "WITH\n") : ",\n"}${each.name} AS (\n`, each.query, 0),
    ...piecesOf(each.query, 0, bodyEnd(each.query.text), known),
    glue("\n)", each.query, 0),
  ]);
  return joined(query.path, [
    ...piecesOf(query, 0, head, known),
    ...expressions,
    glue(hasWith ? ",\n" : "\n", query, head),
    ...piecesOf(query, head, text.length, known),
  ]);
}

/** SQL of our own after expressions, all of which errors show at the beginning of `query`. */
export function composeOwn(query: QueryText, sql: string, before: readonly NamedQuery[]): QueryText {
  const composed = composeQuery({ path: query.path, text: sql }, before);
  const parts = (composed.parts ?? []).map((part) =>
    part.text === sql && part.file === query.path
      ? { ...part, text: query.text, index: firstWord(query.text), length: 0 }
      : part,
  );
  return { ...composed, parts };
}

function firstWord(text: string): number {
  return sqlTokens(text)[0]?.start ?? 0;
}

/** What may not be in a query that is put into parentheses, and where. */
export function unusableBody(text: string): { at: number; reason: string } | null {
  let depth = 0;
  const tokens = sqlTokens(text);
  const [first] = tokens;
  if (first && !/^(select|with|from|values|\()$/i.test(first.value))
    return { at: first.start, reason: "this is another statement" };
  for (const [at, { kind, value, start }] of tokens.entries()) {
    if (kind !== "other") continue;
    if (value === "(") depth++;
    if (value === ")" && --depth < 0) return { at: start, reason: "a parenthesis is closed that none opened" };
    if (value === ";" && at < tokens.length - 1) return { at: start, reason: "there is more than one statement" };
  }
  const open = depth > 0 ? tokens.findLast(({ kind, value }) => kind === "other" && value === "(") : undefined;
  return open ? { at: open.start, reason: "a parenthesis is not closed" } : null;
}

/** Without the semicolon at the end. */
function bodyEnd(text: string): number {
  const last = sqlTokens(text).at(-1);
  return last?.kind === "other" && last.value === ";" ? last.start : text.length;
}

/** The text between two places, with each view under the name of its expression. */
function piecesOf({ path, text }: QueryText, from: number, to: number, known: ReadonlySet<string>): Piece[] {
  const pieces: Piece[] = [];
  let at = from;
  const own = (start: number, end: number): Piece => {
    return { text: text.slice(start, end), file: path, source: text, index: start, own: true };
  };
  for (const { view, start, end, use } of viewMentions(text)) {
    if (start < from || end > to || !known.has(viewTable(view))) continue;
    const words = { table: `${viewTable(view)} AS ${view}`, aliased: viewTable(view), column: view }[use];
    pieces.push(own(at, start), glue(words, { path, text }, start));
    at = end;
  }
  return [...pieces, own(at, to)];
}

function glue(words: string, { path, text }: QueryText, index: number): Piece {
  return { text: words, file: path, source: text, index, own: false };
}

function joined(path: string, pieces: readonly Piece[]): QueryText {
  const parts: SourcePart[] = [];
  let at = 0;
  for (const { text, file, source, index, own } of pieces) {
    if (text === "") continue;
    parts.push({ at, length: own ? text.length : 0, file, text: source, index });
    at += text.length;
  }
  return { path, text: pieces.map((piece) => piece.text).join(""), parts };
}
