import type { Session } from "../../data/engines/session.ts";
import { quoteName, quoteText } from "../../data/engines/tables.ts";
import { countOf, formatCount } from "../../statistics/format-number.ts";
import type { CsvDialect, CsvOptions } from "./csv-dialect.ts";
import { missingAmongNumbers, missingWords } from "./missing-words.ts";
import {
  columnNotation,
  type FileNotation,
  fileNotation,
  isNumbers,
  type Notation,
  total,
  type ValueCounts,
  valueClass,
} from "./number-notation.ts";

/** What the texts of a column look like; words that may stand for a missing value are not counted among its values. */
interface TextFacts {
  counts: ValueCounts;
  /** Words that may stand for a missing value, as they are written, and how often. */
  missing: readonly { word: string; rows: number }[];
}

/** A column of texts: how SQL gives it, and what people call it. */
interface TextColumn {
  name: string;
  sql: string;
}

const classes = [
  "whole",
  "code",
  "dot",
  "dot_or_group",
  "comma",
  "comma_or_group",
  "comma_groups",
  "dot_groups",
  "spaced",
  "spaced_comma",
  "boolean",
  "word",
] as const satisfies readonly (keyof ValueCounts)[];

/** Columns of one scan: DuckDB's time to plan it grows with their square. */
const scanColumns = 64;

const words = `(${[...missingAmongNumbers].map((word) => `'${word.replaceAll("'", "''")}'`).join(", ")})`;

/** Facts of text columns of a relation, in their order. */
export async function textFacts(session: Session, from: string, columns: readonly TextColumn[]): Promise<TextFacts[]> {
  const facts: TextFacts[] = [];
  for (let start = 0; start < columns.length; start += scanColumns)
    facts.push(...(await scan(session, from, columns.slice(start, start + scanColumns))));
  return facts;
}

async function scan(session: Session, from: string, columns: readonly TextColumn[]): Promise<TextFacts[]> {
  const named = columns.map(({ sql }, at) => `${classOf(sql)} AS c${at}`);
  const counts = columns.flatMap((_, at) =>
    [...classes, "missing"].map((each) => `count(*) FILTER (c${at} = '${each}') AS n${at}_${each}`),
  );
  const row = await session.row(`SELECT ${counts.join(", ")} FROM (SELECT ${named.join(", ")} FROM ${from})`);
  const found = columns.flatMap(({ sql }, at) => (Number(row[`n${at}_missing`]) > 0 ? [{ sql, at }] : []));
  const missing = await missingOf(session, from, found);
  return columns.map((_, at) => ({
    counts: Object.fromEntries(classes.map((each) => [each, Number(row[`n${at}_${each}`])])) as unknown as ValueCounts,
    missing: missing.filter((each) => each.at === at),
  }));
}

function classOf(column: string): string {
  const text = `trim(${column})`;
  return `CASE WHEN ${column} IS NULL OR ${text} = '' THEN 'none' WHEN lower(${text}) IN ${words} THEN 'missing' ELSE ${valueClass(text)} END`;
}

async function missingOf(
  session: Session,
  from: string,
  columns: readonly { sql: string; at: number }[],
): Promise<{ at: number; word: string; rows: number }[]> {
  const found: { at: number; word: string; rows: number }[] = [];
  for (const { sql, at } of columns) {
    const rows = await session.rows(
      `SELECT ${sql} AS word, count(*) AS n FROM ${from} WHERE lower(trim(${sql})) IN ${words} GROUP BY 1 ORDER BY n DESC, word`,
    );
    found.push(...rows.map(({ word, n }) => ({ at, word: String(word), rows: Number(n) })));
  }
  return found;
}

/** Columns of a relation as texts. */
export function textColumns(names: readonly string[]): TextColumn[] {
  return names.map((name) => ({ name, sql: quoteName(name) }));
}

/** What a column of texts holds. */
export interface TextPlan {
  name: string;
  kind: "number" | "boolean" | "words" | "nothing";
  /** Engine's type of a column of numbers. */
  type: "BIGINT" | "DOUBLE";
  notation: Notation;
  /** Texts of it that stand for a missing value. */
  missing: readonly { word: string; rows: number }[];
}

/** Decides what each column holds; `delimiter` separates the columns of the file. */
export function planTexts(
  names: readonly string[],
  facts: readonly TextFacts[],
  delimiter: string,
): { file: FileNotation; plans: TextPlan[] } {
  const file = fileNotation(
    facts.map(({ counts }) => counts),
    delimiter,
  );
  return { file, plans: facts.map((each, at) => planText(names[at] ?? "", each, file)) };
}

function planText(name: string, { counts, missing }: TextFacts, file: FileNotation): TextPlan {
  const notation = columnNotation(counts, file);
  const isNumber = isNumbers(counts);
  const kind = isNumber ? "number" : total(counts) === 0 ? "nothing" : isBoolean(counts) ? "boolean" : "words";
  const isWhole = counts.dot + counts.comma === 0 && (notation.grouped || total(counts) === counts.whole);
  const taken = kind === "number" ? missing : missing.filter(({ word }) => missingWords.has(word.trim().toLowerCase()));
  return { name, kind, type: isWhole ? "BIGINT" : "DOUBLE", notation, missing: taken };
}

function isBoolean(counts: TextFacts["counts"]): boolean {
  return counts.boolean > 0 && counts.boolean === total(counts);
}

/** SQL of a column that the file's reader gives as text; null when it is to stay as it is. `base` is how SQL gives the text. */
export function textSql({ name, kind, type, notation, missing }: TextPlan, base = quoteName(name)): string | null {
  const words = missing.map(({ word }) => word);
  if (kind === "number") return asNumber(base, notation, words, type);
  const sql = withoutWords(base, words);
  return sql === quoteName(name) ? null : sql;
}

/**
 * Words that no column needs for something else, and that a reader can take for missing in the whole file. Those that a column
 * of words has in more than one of twenty rows are rather a category there: `-` beside `+`.
 */
export function fileWords(plans: readonly TextPlan[], facts: readonly TextFacts[]): string[] {
  const words = new Set(plans.flatMap(({ missing }) => missing.map(({ word }) => word)));
  return [...words].filter((word) =>
    plans.every((plan, at) => {
      if (plan.kind !== "words" || plan.missing.some((each) => each.word === word)) return true;
      const rows = facts[at]?.missing.find((each) => each.word === word)?.rows ?? 0;
      return rows * 20 <= total(facts[at]?.counts ?? ({} as TextFacts["counts"]));
    }),
  );
}

/** SQL of a text column without the words that stand for a missing value. */
function withoutWords(column: string, words: readonly string[]): string {
  if (words.length === 0) return column;
  if (words.length === 1) return `nullif(${column}, ${quoteText(words[0] ?? "")})`;
  return `CASE WHEN ${column} NOT IN (${words.map(quoteText).join(", ")}) THEN ${column} END`;
}

/** SQL that makes numbers of texts in a notation. A text that is none is an error then, not a missing value. */
function asNumber(column: string, notation: Notation, words: readonly string[], type: string): string {
  const other = notation.decimal === "," ? "." : ",";
  const plain = withoutWords(column, words);
  const unspaced = notation.spaced ? `regexp_replace(${plain}, '[ ''’\u00a0\u202f]', '', 'g')` : plain;
  const ungrouped = notation.grouped ? `replace(${unspaced}, '${other}', '')` : unspaced;
  const dotted = notation.decimal === "," ? `replace(${ungrouped}, ',', '.')` : ungrouped;
  return `CAST(nullif(trim(${dotted}), '') AS ${type})`;
}

interface CsvReading {
  dialect: CsvDialect;
  options: CsvOptions;
  plans: readonly TextPlan[];
  /** Columns that the query converts by itself. */
  apart: readonly TextPlan[];
}

/** How a CSV file was read, in sentences for people; nothing of what is plain. */
export function describeReading({ dialect, options, plans, apart }: CsvReading): string[] {
  const { decimal_separator, thousands, encoding, dateformat, timestampformat } = options;
  const dates = dateformat ?? timestampformat;
  return [
    ...(dialect.header ? [] : ["it has no header: its columns are called column0, column1 …"]),
    ...(encoding === undefined ? [] : [`its text is ${encoding}`]),
    ...(dialect.delimiter === "," ? [] : [`columns are separated by ${delimiterName(dialect.delimiter)}`]),
    ...(decimal_separator === "," ? ["numbers have a decimal comma"] : []),
    ...(thousands === undefined ? [] : [`"${thousands}" parts thousands`]),
    ...(dates === undefined ? [] : [`dates are written ${dates}`]),
    ...missingNotes(plans),
    ...apart.filter(({ kind }) => kind === "number").map(({ name }) => `${name} is made a number in the query`),
  ];
}

function delimiterName(delimiter: string): string {
  return delimiter === "\t" ? "tabs" : `"${delimiter}"`;
}

/** One sentence a word, and the columns it is in. */
export function missingNotes(plans: readonly Pick<TextPlan, "missing">[]): string[] {
  const words = new Map<string, { rows: number; columns: number }>();
  for (const { word, rows } of plans.flatMap(({ missing }) => missing)) {
    const sum = words.get(word) ?? { rows: 0, columns: 0 };
    words.set(word, { rows: sum.rows + rows, columns: sum.columns + 1 });
  }
  return [...words].map(
    ([word, { rows, columns }]) =>
      `${JSON.stringify(word)} is read as missing (${formatCount(rows)} ${rows === 1 ? "value" : "values"} in ${countOf(columns, "column")})`,
  );
}
