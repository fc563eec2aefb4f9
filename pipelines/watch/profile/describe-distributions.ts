import type { Session } from "../../data/engines/session.ts";
import { quoteName } from "../../data/engines/tables.ts";
import { type CountedColumn, countColumns, finiteNumber, presentText } from "./count-columns.ts";
import type { CategoryCount, Distribution, NumericDistribution } from "./distribution.ts";
import { gridEdges, gridProbabilities, mostExactValues } from "./edges.ts";

/** A column of the reference, and the name it has in the profile. */
export interface ReferenceColumn {
  name: string;
  column: string;
  kind: Distribution["kind"];
}

/** Buckets of a column's categories, for when not all can be listed; divisible by the coarser numbers of `coarsen`. */
const finestBuckets = 64;

/** More categories than a profile could ever list. */
const mostCategories = 20_000;

/** Estimates of distinct values are hardly ever further off; between the two, both ways to cut are asked for. */
const surelyFew = mostExactValues / 1.5;
const surelyMany = mostExactValues * 1.5;

/** With so many rows or more, counting each value's is quicker than sorting them all; memory holds so many values. */
const rowsWorthCounting = 100_000;
const mostCounted = 50_000;

/** Columns that are read together at most, and how many of their values memory holds at a time. */
const mostTogether = 50;
const valuesTogether = 16_000_000;

/**
 * Distributions as fine as a profile can have them: every value of a number with few distinct ones, else a grid of
 * quantiles; every category, and their buckets. Some columns at a time, so that memory does not grow with their number.
 */
export async function describeDistributions(
  session: Session,
  from: string,
  columns: readonly ReferenceColumn[],
): Promise<Distribution[]> {
  const { rows } = await session.row(`SELECT count(*) AS rows FROM ${from}`);
  const together = Math.max(1, Math.min(mostTogether, Math.floor(valuesTogether / (Number(rows) + 1))));
  const described: Distribution[] = [];
  for (let start = 0; start < columns.length; start += together)
    described.push(...(await describeTogether(session, from, columns.slice(start, start + together))));
  return described;
}

async function describeTogether(
  session: Session,
  from: string,
  columns: readonly ReferenceColumn[],
): Promise<Distribution[]> {
  const edges = await edgesOf(
    session,
    from,
    columns.filter(({ kind }) => kind === "numeric").map(({ column }) => column),
  );
  const wanted: CountedColumn[] = [];
  for (const { name, column, kind } of columns) {
    const reference =
      kind === "numeric" ? counting(name, edges.get(column)!) : await listOf(session, from, { name, column });
    wanted.push({ column, reference });
  }
  const counted = await countColumns(session, from, wanted);
  return counted.map((each) => (each.kind === "numeric" ? { ...each, exact: isExact(each) } : each));
}

/** Whether every value was an edge. */
function isExact({ counts, equal }: NumericDistribution): boolean {
  return (equal?.every((rows, at) => rows === counts[at]) ?? false) && (counts.at(-1) ?? 0) === 0;
}

/** The edges of each column: its values, when they are few, else rounded quantiles. */
async function edgesOf(session: Session, from: string, columns: readonly string[]): Promise<Map<string, number[]>> {
  if (columns.length === 0) return new Map();
  const projections = columns.map((column, at) => `${finiteNumber(quoteName(column))} AS value_${at}`);
  const values = `(SELECT ${projections.join(", ")} FROM ${from})`;
  const estimates = columns.map((_, at) => `approx_count_distinct(value_${at}) AS distinct_${at}`);
  const estimated = await session.row(`SELECT count(*) AS rows, ${estimates.join(", ")} FROM ${values}`);
  // As a text to be cast, because the parser takes long over thousands of literals.
  const probabilities = `CAST('[${gridProbabilities().join(",")}]' AS DOUBLE[])`;
  const ways = columns.map((_, at) => waysToCut(Number(estimated[`distinct_${at}`]), Number(estimated.rows)));
  const asked = ways.flatMap(({ list, sort }, at) => [
    ...(list ? [`map_keys(histogram(value_${at})) AS values_${at}`] : []),
    ...(sort ? [`quantile_disc(value_${at}, ${probabilities}) AS quantiles_${at}`] : []),
  ]);
  const found = asked.length === 0 ? {} : await session.row(`SELECT ${asked.join(", ")} FROM ${values}`);
  const edges = new Map<string, number[]>();
  for (const [at, column] of columns.entries()) {
    const counted = ways[at]!.count ? await countedValues(session, from, column) : null;
    const distinct = counted?.map(([value]) => value) ?? numbers(found[`values_${at}`]);
    const quantiles = counted ? quantilesOf(counted) : numbers(found[`quantiles_${at}`]);
    const few = distinct.length > 0 && (distinct.length <= mostExactValues || quantiles.length === 0);
    edges.set(column, few ? distinct.sort((a, b) => a - b) : gridEdges(quantiles));
  }
  return edges;
}

/** How to find a column's edges: list its values, sort all rows, or count the rows of each value. */
function waysToCut(distinct: number, rows: number): { list: boolean; sort: boolean; count: boolean } {
  const count = distinct > surelyFew && distinct <= mostCounted && rows > rowsWorthCounting;
  return { list: !count && distinct <= surelyMany, sort: !count && distinct > surelyFew, count };
}

/** Finite values, ascending, each with its rows. */
async function countedValues(session: Session, from: string, column: string): Promise<[value: number, rows: number][]> {
  const rows =
    await session.rows(`SELECT value, count(*) AS rows FROM (SELECT ${finiteNumber(quoteName(column))} AS value FROM ${from})
    WHERE value IS NOT NULL GROUP BY value ORDER BY value`);
  return rows.map((row) => [Number(row.value), Number(row.rows)]);
}

/** Of the grid, as the engine's `quantile_disc` has them: the value of row n − ⌊n − qn⌋, and at least the first. */
function quantilesOf(counted: readonly [value: number, rows: number][]): number[] {
  const all = counted.reduce((sum, [, rows]) => sum + rows, 0);
  let [at, until] = [0, counted[0]?.[1] ?? 0];
  return gridProbabilities().map((q) => {
    const row = Math.max(1, all - Math.floor(all - all * q));
    while (until < row && at + 1 < counted.length) until += counted[++at]![1];
    return counted[at]![0];
  });
}

function numbers(list: unknown): number[] {
  return Array.isArray(list) ? list.map(Number) : [];
}

/** What to count on, without counts. */
function counting(name: string, edges: readonly number[]): Distribution {
  const moments = { mean: null, deviation: null, min: null, max: null };
  const nothing = { rows: 0, missing: 0, infinite: 0, counts: [], equal: [], below: 0, above: 0, exact: false };
  return { name, kind: "numeric", edges, ...moments, ...nothing };
}

async function listOf(
  session: Session,
  from: string,
  { name, column }: Omit<ReferenceColumn, "kind">,
): Promise<Distribution> {
  const rows =
    await session.rows(`SELECT value, count(*) AS rows FROM (SELECT ${presentText(quoteName(column))} AS value FROM ${from})
    WHERE value IS NOT NULL GROUP BY value ORDER BY rows DESC, value LIMIT ${mostCategories}`);
  const categories = rows.map((row): CategoryCount => ({ value: String(row.value), rows: Number(row.rows) }));
  const buckets = new Array<number>(finestBuckets).fill(0);
  return { name, kind: "category", rows: 0, missing: 0, categories, other: 0, unlisted: [], buckets };
}
