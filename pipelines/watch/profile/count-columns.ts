import type { Session } from "../../data/engines/session.ts";
import { engineFailure, quoteName, quoteText } from "../../data/engines/tables.ts";
import type { CategoryCount, CategoryDistribution, Distribution, NumericDistribution } from "./distribution.ts";

/** A column to count: on which edges, or by which categories. Only these are read of the reference. */
export interface CountedColumn {
  /** Its name in the relation. */
  column: string;
  reference: Distribution;
}

interface NumberColumn {
  column: string;
  reference: NumericDistribution;
}

/** Counts columns of a relation of column files, reading each column once: the numbers together, each category by itself. */
export async function countColumns(
  session: Session,
  from: string,
  columns: readonly CountedColumn[],
): Promise<Distribution[]> {
  const numeric = columns.filter((each): each is NumberColumn => each.reference.kind === "numeric");
  const numbers = (await countNumbers(session, from, numeric)).values();
  const counted: Distribution[] = [];
  for (const { column, reference } of columns) {
    if (reference.kind === "numeric") counted.push(numbers.next().value!);
    else counted.push(await countCategories(session, from, column, reference));
  }
  return counted;
}

async function countNumbers(
  session: Session,
  from: string,
  columns: readonly NumberColumn[],
): Promise<NumericDistribution[]> {
  if (columns.length === 0) return [];
  const values = columns.map(({ column }, at) => numberValues(column, at));
  const aggregates = columns.map(({ reference }, at) => numberAggregates(reference, at).join(",\n"));
  const row = await session.row(
    `SELECT count(*) AS rows, ${aggregates.join(",\n")} FROM (SELECT ${values.join(", ")} FROM ${from})`,
  );
  return columns.map(({ reference }, at) => readNumberAggregates(row, reference, at));
}

/** What the aggregates of a column of numbers are of. */
export function numberValues(column: string, at: number): string {
  const name = quoteName(column);
  return `${finiteNumber(name)} AS value_${at}, ${isInfinite(name)} AS infinite_${at}`;
}

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
async function countCategories(
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

/** Beyond it a 32-bit number, which the model gets, is infinite. */
const largestFloat = "340282346638528859811704183484516925440.0";

/** A column as a 64-bit number, null where it is missing, NaN or infinite. */
export function finiteNumber(column: string): string {
  const number = `CAST(${column} AS DOUBLE)`;
  return `CASE WHEN abs(${number}) <= ${largestFloat} THEN ${number} END`;
}

/** Rows whose value the model would get as an infinite one. NaN is greater than all numbers to the engine. */
function isInfinite(column: string): string {
  const number = `CAST(${column} AS DOUBLE)`;
  return `abs(${number}) > ${largestFloat} AND NOT isnan(${number})`;
}

/** What is counted of a reference's column: `equal` is null when it is not worth telling what equals an edge. */
type Counting = Pick<NumericDistribution, "name" | "edges" | "equal">;

/** Aggregates of one scan that count the finite numbers `value_<at>` on a reference's edges. */
export function numberAggregates({ edges, equal }: Counting, at: number): string[] {
  const value = `value_${at}`;
  const [first, last] = [edges[0] ?? 0, edges.at(-1) ?? 0].map((edge) => `CAST('${edge}' AS DOUBLE)`);
  return [
    `count(*) FILTER (WHERE infinite_${at}) AS infinite_${at}`,
    `count(${value}) AS present_${at}`,
    `avg(${value}) AS mean_${at}`,
    `stddev_pop(${value}) AS deviation_${at}`,
    `min(${value}) AS min_${at}`,
    `max(${value}) AS max_${at}`,
    `sum(${first} - ${value}) FILTER (WHERE ${value} < ${first}) AS below_${at}`,
    `sum(${value} - ${last}) FILTER (WHERE ${value} > ${last}) AS above_${at}`,
    `map_values(histogram(${value}, ${numberList(equal ? withPredecessors(edges) : edges)})) AS bins_${at}`,
  ];
}

/** As a text to be cast: the parser takes long over thousands of literals, and a cast loses no digit. */
function numberList(values: readonly number[]): string {
  return `CAST('[${values.join(",")}]' AS DOUBLE[])`;
}

/** Every edge and the number just below it: a bin between the two holds what equals the edge. */
function withPredecessors(edges: readonly number[]): number[] {
  return edges.flatMap((edge, at) => (touches(edges, at) ? [edge] : [predecessor(edge), edge]));
}

/** Whether no number lies between an edge and the one before it. */
function touches(edges: readonly number[], at: number): boolean {
  return at > 0 && edges[at - 1] === predecessor(edges[at]!);
}

/** One number, and its bits: shared, because a wide table asks for a hundred thousand of them. */
const number64 = new Float64Array(1);
const bits64 = new BigInt64Array(number64.buffer);

/** The largest 64-bit number below a finite one. */
function predecessor(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  number64[0] = value;
  bits64[0]! += value > 0 ? -1n : 1n;
  return number64[0];
}

/** Reads the aggregates of `at` back. */
export function readNumberAggregates(
  row: Record<string, unknown>,
  { name, edges, equal }: Counting,
  at: number,
): NumericDistribution {
  const number = (aggregate: string) => (row[`${aggregate}_${at}`] == null ? null : Number(row[`${aggregate}_${at}`]));
  const [rows, present, infinite] = [Number(row.rows), number("present") ?? 0, number("infinite") ?? 0];
  return {
    name,
    kind: "numeric",
    rows,
    missing: rows - present - infinite,
    infinite,
    mean: number("mean"),
    deviation: number("deviation"),
    min: number("min"),
    max: number("max"),
    edges,
    ...readBins(row[`bins_${at}`], edges, equal !== null, present),
    below: number("below") ?? 0,
    above: number("above") ?? 0,
    exact: false,
  };
}

/** Bins between the bounds, ascending. There are none without values, and one above all bounds only when it holds something. */
function readBins(
  bins: unknown,
  edges: readonly number[],
  withEqual: boolean,
  present: number,
): Pick<NumericDistribution, "counts" | "equal"> {
  const rows = (Array.isArray(bins) ? bins.map(Number) : []).values();
  const next = () => rows.next().value ?? 0;
  const counts: number[] = [];
  const equal: number[] = [];
  for (const at of edges.keys()) {
    const between = withEqual && touches(edges, at) ? 0 : next();
    const same = withEqual ? next() : 0;
    counts.push(between + same);
    equal.push(same);
  }
  const within = counts.reduce((sum, count) => sum + count, 0);
  return { counts: [...counts, present - within], equal: withEqual ? equal : null };
}
