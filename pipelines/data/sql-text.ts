import type { QueryText, SourcePart } from "../config/query-text.ts";
import type { SourceLocation } from "../errors/user-error.ts";

/** A query as the user wrote it, and how to point into it. Engines count in UTF-8 bytes, people in characters. */
export interface SqlText {
  file: string;
  text: string;
  bytes: Buffer;
  /** Where the pieces of the text are from, when that is not all `file`. */
  parts?: readonly SourcePart[];
}

/** A byte order mark becomes a space, so that positions stay those of the file. */
export function sqlText(file: string, text: string): SqlText {
  const plain = text.replace(/^\uFEFF/, " ");
  return { file, text: plain, bytes: Buffer.from(plain, "utf8") };
}

/** The same of a query that may be put together from several files. */
export function composedSql({ path, text, parts }: QueryText): SqlText {
  return parts ? { ...sqlText(path, text), parts } : sqlText(path, text);
}

/** Where a byte offset is in the user's file, with the word or quoted name that starts there underlined. */
export function locateByte(sql: SqlText, offset: number): SourceLocation {
  const inside = Math.max(0, Math.min(offset, sql.bytes.length));
  return locateIndex(sql, sql.bytes.toString("utf8", 0, inside).length);
}

/** A name that is longer is looked for nowhere: no pattern takes it. */
const longestWord = 1_000;

/** The first place where a name is written, as a word of its own; the start of the query when it is nowhere. */
export function locateWord(sql: SqlText, word: string): SourceLocation {
  const ownStart = beginning(sql);
  const start = ownStart + Math.max(0, sql.text.slice(ownStart).search(/\S/));
  if (word.length > longestWord) return locateIndex(sql, start);
  const escaped = word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, "giu");
  // In the file that the query is of before those of others.
  pattern.lastIndex = ownStart;
  let found = pattern.exec(sql.text);
  if (!found && ownStart > 0) found = pattern.exec(sql.text);
  return locateIndex(sql, found?.index ?? start);
}

/** Where the query's own file begins in the text. */
function beginning({ file, parts = [] }: SqlText): number {
  return (
    parts.find((part) => part.file === file && part.length > 0 && part.text.slice(part.index).trim() !== "")?.at ?? 0
  );
}

function locateIndex(sql: SqlText, at: number): SourceLocation {
  const part = sql.parts?.findLast((each) => each.at <= at) ?? sql.parts?.[0];
  if (!part) return locateIn(sql.file, sql.text, at);
  return locateIn(part.file, part.text, part.index + Math.max(0, Math.min(at - part.at, part.length)));
}

function locateIn(file: string, text: string, index: number): SourceLocation {
  const start = text.lastIndexOf("\n", index - 1) + 1;
  const end = text.indexOf("\n", index);
  const lineText = text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
  const line = text.slice(0, start).split("\n").length;
  return { file, line, column: index - start + 1, length: tokenLength(text, index), lineText };
}

function tokenLength(text: string, index: number): number {
  const token = /^(?:'(?:[^'\n]|'')*'|"(?:[^"\n]|"")*"|\$?[\p{L}\p{N}_]+)/u.exec(text.slice(index, index + 200));
  return Math.max(1, token?.[0].length ?? 1);
}
