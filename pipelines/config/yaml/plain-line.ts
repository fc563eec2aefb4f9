import type { Json } from "../canonical-json.ts";
import { isPlainKey, notPlain, plainScalar } from "./plain-scalar.ts";

/** Levels of brackets the quick way follows. */
const MAX_DEPTH = 8;

/** An unquoted scalar outside brackets: begins like a word or a number; no colon before a space, no `#`, no brackets. */
const blockScalar = /[A-Za-z0-9_.(\u00c0-\u024f-](?:[^[\]{}#:\n]|:(?=[^\s[\]{}#:]))*/y;

/** An unquoted scalar inside brackets: the characters that mean nothing else there. */
const flowScalar = /[A-Za-z0-9_.-](?:[A-Za-z0-9_.%+/<>=\u00c0-\u024f-]| (?=[A-Za-z0-9_(.]))*/y;

const quotedScalar = /"([^"\\\n]*)"|'([^'\n]*)'(?!')/y;
const flowKey = /([A-Za-z_][A-Za-z0-9_-]{0,99}): +/y;
const spaces = / */y;
const ending = / *(?: #.*)?$/y;

/** Reads the value on one line, from `start` to its end or comment. */
export function valueOnLine(line: string, start: number): Json {
  const reader = { line, at: start };
  const first = line[start];
  const value = first === "[" || first === "{" || isQuote(first) ? flowValue(reader, 0) : blockText(reader);
  if (take(reader, ending) === null) notPlain();
  return value;
}

interface Reader {
  line: string;
  at: number;
}

/** The match of a sticky pattern where the reader stands, which moves behind it. */
function take(reader: Reader, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = reader.at;
  const match = pattern.exec(reader.line);
  if (match) reader.at = pattern.lastIndex;
  return match;
}

function isQuote(character: string | undefined): boolean {
  return character === '"' || character === "'";
}

function blockText(reader: Reader): Json {
  const text = take(reader, blockScalar)?.[0] ?? notPlain();
  if (reader.line[reader.at] === "#" && !text.endsWith(" ")) notPlain();
  const trimmed = text.replace(/ +$/, "");
  reader.at -= text.length - trimmed.length;
  return startsPlainly(trimmed) ? plainScalar(trimmed) : notPlain();
}

/** A dash begins a list, unless a number follows; three dots or dashes end a document. */
function startsPlainly(text: string): boolean {
  return !text.startsWith("-") || /^-[0-9]/.test(text);
}

function flowValue(reader: Reader, depth: number): Json {
  const first = reader.line[reader.at];
  if (depth > MAX_DEPTH) notPlain();
  if (first === "[") return flowList(reader, depth);
  if (first === "{") return flowBlock(reader, depth);
  if (isQuote(first)) {
    const match = take(reader, quotedScalar) ?? notPlain();
    return match[1] ?? match[2]!;
  }
  const text = take(reader, flowScalar)?.[0] ?? notPlain();
  return startsPlainly(text) ? plainScalar(text) : notPlain();
}

function flowList(reader: Reader, depth: number): Json {
  const items: Json[] = [];
  for (let more = opens(reader, "]"); more; more = goesOn(reader, "]")) items.push(flowValue(reader, depth + 1));
  return items;
}

function flowBlock(reader: Reader, depth: number): Json {
  const block: Record<string, Json> = {};
  for (let more = opens(reader, "}"); more; more = goesOn(reader, "}")) {
    const key = take(reader, flowKey)?.[1] ?? notPlain();
    if (!isPlainKey(key) || Object.hasOwn(block, key)) notPlain();
    block[key] = flowValue(reader, depth + 1);
  }
  return block;
}

/** Steps over the opening bracket; false when the closing one follows. */
function opens(reader: Reader, close: string): boolean {
  reader.at++;
  take(reader, spaces);
  if (reader.line[reader.at] !== close) return true;
  reader.at++;
  return false;
}

/** After a member: true behind a comma, false behind the closing bracket. */
function goesOn(reader: Reader, close: string): boolean {
  take(reader, spaces);
  const next = reader.line[reader.at++];
  if (next === close) return false;
  if (next !== ",") notPlain();
  take(reader, spaces);
  return true;
}
