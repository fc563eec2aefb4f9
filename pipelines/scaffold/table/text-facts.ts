import type { Session } from "../../data/engines/session.ts";
import { quoteName } from "../../data/engines/tables.ts";
import { missingAmongNumbers } from "./missing-words.ts";
import { type ValueCounts, valueClass } from "./number-notation.ts";

/** What the texts of a column look like; words that may stand for a missing value are not counted among its values. */
export interface TextFacts {
  counts: ValueCounts;
  /** Words that may stand for a missing value, as they are written, and how often. */
  missing: readonly { word: string; rows: number }[];
}

/** A column of texts: how SQL gives it, and what people call it. */
export interface TextColumn {
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
