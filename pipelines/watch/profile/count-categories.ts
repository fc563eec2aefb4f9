import type { Session } from "../../data/engines/session.ts";
import { engineFailure, quoteName, quoteText } from "../../data/engines/tables.ts";
import type { CategoryCount, CategoryDistribution } from "./distribution.ts";

/** A column as a text, null where it is missing or empty. */
export function presentText(column: string): string {
  return `nullif(CAST(${column} AS VARCHAR), '')`;
}

/** Categories that the reference does not list and are still told apart, by falling count. */
const mostUnlisted = 1000;

const grouped = "mergeml_categories";

/**
 * Counts a column by the reference's categories and buckets. Grouping is much the fastest way; where memory cannot hold all
 * the categories there are, only those of the reference are counted and the new ones are not told apart.
 */
export async function countCategories(
  session: Session,
  from: string,
  column: string,
  reference: CategoryDistribution,
): Promise<CategoryDistribution> {
  const value = presentText(quoteName(column));
  try {
    await session.run(
      `CREATE TEMP TABLE ${grouped} AS SELECT ${value} AS value, count(*) AS rows FROM ${from} GROUP BY 1`,
    );
  } catch (error) {
    if (engineFailure(error)?.cause !== "memory") throw error;
    return countListed(session, `(SELECT ${value} AS value, 1 AS rows FROM ${from})`, reference);
  }
  try {
    const counted = await countListed(session, grouped, reference);
    return reference.buckets || counted.other === 0
      ? counted
      : { ...counted, unlisted: await readUnlisted(session, reference) };
  } finally {
    await session.run(`DROP TABLE ${grouped}`);
  }
}

/** SQL for the bucket of a text: a hash that is the same everywhere, so that both sides agree. */
function bucketOf(buckets: number): string {
  return `CAST(md5_number_lower(value) % ${buckets} AS INTEGER)`;
}

async function countListed(
  session: Session,
  relation: string,
  { name, categories, buckets }: CategoryDistribution,
): Promise<CategoryDistribution> {
  const { rows, present } = await session.row(`SELECT coalesce(sum(rows), 0) AS rows,
    coalesce(sum(rows) FILTER (WHERE value IS NOT NULL), 0) AS present FROM ${relation}`);
  const found = await countBy(session, relation, "value", `value IN (${textList(categories)})`);
  const listed = categories.map(({ value }) => ({ value, rows: found.get(value) ?? 0 }));
  const hashed = buckets && (await countBy(session, relation, bucketOf(buckets.length), "value IS NOT NULL"));
  return {
    name,
    kind: "category",
    rows: Number(rows),
    missing: Number(rows) - Number(present),
    categories: listed,
    other: Number(present) - listed.reduce((sum, each) => sum + each.rows, 0),
    unlisted: [],
    buckets: buckets && hashed && buckets.map((_, bucket) => hashed.get(String(bucket)) ?? 0),
  };
}

async function countBy(session: Session, relation: string, key: string, where: string): Promise<Map<string, number>> {
  const rows = await session.rows(
    `SELECT CAST(${key} AS VARCHAR) AS key, sum(rows) AS rows FROM ${relation} WHERE ${where} GROUP BY 1`,
  );
  return new Map(rows.map((row) => [String(row.key), Number(row.rows)]));
}

async function readUnlisted(session: Session, { categories }: CategoryDistribution): Promise<CategoryCount[]> {
  const rows = await session.rows(`SELECT value, rows FROM ${grouped}
    WHERE value NOT IN (${textList(categories)}) ORDER BY rows DESC, value LIMIT ${mostUnlisted}`);
  return rows.map((row) => ({ value: String(row.value), rows: Number(row.rows) }));
}

/** A list must not be empty; the empty text is no category. */
function textList(categories: readonly CategoryCount[]): string {
  return ["''", ...categories.map(({ value }) => quoteText(value))].join(", ");
}
