import { quoteName, quoteText } from "../../features/duckdb/quote.ts";
import type { Session } from "../../features/duckdb/session.ts";
import type { CategoryDistribution, Distribution, NumericDistribution } from "../distribution.ts";
import { categoryAggregates, presentText, readCategoryAggregates } from "./category-aggregates.ts";
import { finiteNumber, isInfinite, numberAggregates, readNumberAggregates } from "./number-aggregates.ts";

/** A column to count: on which edges, or by which categories. Only these are read of the reference. */
export interface CountedColumn {
  /** Its name in the relation. */
  column: string;
  reference: Distribution;
}

/** Categories that the reference does not list and are still told apart, by falling count. */
const mostUnlisted = 1000;

/** Counts all columns of a relation in one scan, and asks again only for categories that the reference does not have. */
export async function countColumns(
  session: Session,
  from: string,
  columns: readonly CountedColumn[],
): Promise<Distribution[]> {
  const inner = columns.flatMap((each, at) => projections(each, at));
  const outer = columns.flatMap(({ reference }, at) => aggregates(reference, at));
  const row = await session.row(
    `SELECT count(*) AS rows${outer.map((each) => `,\n${each}`).join("")} FROM (SELECT ${["1 AS one", ...inner].join(", ")} FROM ${from})`,
  );
  const counted: Distribution[] = [];
  for (const [at, { column, reference }] of columns.entries()) {
    if (reference.kind === "numeric") counted.push(numbersOf(row, reference, at));
    else counted.push(await withUnlisted(session, from, column, categoriesOf(row, reference, at)));
  }
  return counted;
}

function projections({ column, reference }: CountedColumn, at: number): string[] {
  const name = quoteName(column);
  if (reference.kind === "category") return [`${presentText(name)} AS value_${at}`];
  return [`${finiteNumber(name)} AS value_${at}`, `${isInfinite(name)} AS infinite_${at}`];
}

function aggregates(reference: Distribution, at: number): string[] {
  const value = `value_${at}`;
  if (reference.kind === "numeric")
    return [
      `count(*) FILTER (WHERE infinite_${at}) AS infinite_${at}`,
      ...numberAggregates(value, reference.edges, at),
    ];
  const categories = reference.categories.map((each) => each.value);
  return categoryAggregates(value, categories, reference.buckets?.length ?? null, at);
}

function numbersOf(
  row: Record<string, unknown>,
  { name, edges }: NumericDistribution,
  at: number,
): NumericDistribution {
  const { present, ...counted } = readNumberAggregates(row, edges, at);
  const rows = Number(row.rows);
  const infinite = Number(row[`infinite_${at}`]);
  const missing = rows - present - infinite;
  return { name, kind: "numeric", rows, missing, infinite, edges, exact: false, ...counted };
}

function categoriesOf(
  row: Record<string, unknown>,
  { name, categories, buckets }: CategoryDistribution,
  at: number,
): CategoryDistribution {
  const counted = readCategoryAggregates(
    row,
    categories.map(({ value }) => value),
    buckets?.length ?? null,
    at,
  );
  const rows = Number(row.rows);
  const listed = categories.map(({ value }, place) => ({ value, rows: counted.listed[place]! }));
  const other = counted.present - listed.reduce((sum, each) => sum + each.rows, 0);
  const missing = rows - counted.present;
  return { name, kind: "category", rows, missing, categories: listed, other, unlisted: [], buckets: counted.buckets };
}

async function withUnlisted(
  session: Session,
  from: string,
  column: string,
  counted: CategoryDistribution,
): Promise<CategoryDistribution> {
  if (counted.buckets || counted.other === 0) return counted;
  const listed = counted.categories.map(({ value }) => quoteText(value));
  const known = listed.length > 0 ? `value IN (${listed.join(", ")})` : "false";
  const rows =
    await session.rows(`SELECT value, count(*) AS rows FROM (SELECT ${presentText(quoteName(column))} AS value FROM ${from})
    WHERE value IS NOT NULL AND NOT ${known} GROUP BY value ORDER BY rows DESC, value LIMIT ${mostUnlisted}`);
  return { ...counted, unlisted: rows.map((row) => ({ value: String(row.value), rows: Number(row.rows) })) };
}
