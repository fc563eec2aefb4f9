import type { QueryText, SourcePart } from "../config/model-config.ts";
import { sqlTokens } from "./sql-tokens.ts";
import { viewMentions } from "./view-mentions.ts";

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
