import type { Session } from "../../../data/engines/session.ts";
import { quoteName } from "../../../data/engines/tables.ts";
import { finiteNumber, numberAggregates, numberValues, presentText, readNumberAggregates } from "../count-columns.ts";
import type { CategoryDistribution, Distribution, NumericDistribution } from "../distribution.ts";
import type { TimeSpan } from "../reference-times.ts";
import { partsOfWindow } from "./past.ts";

/** A column's name in the relation, and what it is counted on. */
export interface SketchedColumn {
  column: string;
  sketch: Distribution;
}

/** Counts columns in each part of each window of a grid: by column, then window, then part. Reads the columns as often as there are kinds. */
export async function countParts(
  session: Session,
  from: string,
  columns: readonly SketchedColumn[],
  { grid, time }: { grid: WindowGrid; time: string },
): Promise<Distribution[][][]> {
  const part = partOf(grid, time);
  const numeric = columns.flatMap(({ column, sketch }) => (sketch.kind === "numeric" ? [{ column, sketch }] : []));
  const numbers = (await numbersByPart(session, from, numeric, part)).values();
  const found: Map<number, Distribution>[] = [];
  for (const { column, sketch } of columns) {
    if (sketch.kind === "numeric") found.push(numbers.next().value!);
    else found.push(await categoriesByPart(session, from, { column, sketch }, part));
  }
  return found.map((parts, at) =>
    Array.from({ length: grid.count }, (_, window) =>
      Array.from(
        { length: partsOfWindow },
        (__, each) => parts.get(window * partsOfWindow + each) ?? withoutRows(columns[at]!.sketch),
      ),
    ),
  );
}

async function numbersByPart(
  session: Session,
  from: string,
  columns: readonly { column: string; sketch: NumericDistribution }[],
  part: string,
): Promise<Map<number, Distribution>[]> {
  const found = columns.map(() => new Map<number, Distribution>());
  if (columns.length === 0) return found;
  const aggregates = columns.map(({ sketch }, at) => numberAggregates(sketch, at).join(",\n"));
  const values = columns.map(({ column }, at) => numberValues(column, at));
  const rows = await session.rows(
    `SELECT part, count(*) AS rows, ${aggregates.join(",\n")} FROM (SELECT ${part} AS part, ${values.join(", ")} FROM ${from})
      WHERE part IS NOT NULL GROUP BY part`,
  );
  for (const row of rows)
    for (const [at, { sketch }] of columns.entries())
      found[at]!.set(Number(row.part), readNumberAggregates(row, sketch, at));
  return found;
}

async function categoriesByPart(
  session: Session,
  from: string,
  { column, sketch }: { column: string; sketch: CategoryDistribution },
  part: string,
): Promise<Map<number, Distribution>> {
  const value = presentText(quoteName(column));
  const rows = await session.rows(
    `SELECT part, value, count(*) AS rows FROM (SELECT ${part} AS part, ${value} AS value FROM ${from})
      WHERE part IS NOT NULL GROUP BY part, value`,
  );
  const places = new Map(sketch.categories.map((each, at) => [each.value, at]));
  const found = new Map<number, CategoryDistribution>();
  for (const row of rows) {
    const at = Number(row.part);
    const before = found.get(at) ?? withoutRows(sketch);
    found.set(at, withValue(before, row.value, Number(row.rows), places));
  }
  return found;
}

function withValue(
  before: CategoryDistribution,
  value: unknown,
  rows: number,
  places: ReadonlyMap<string, number>,
): CategoryDistribution {
  const all = { ...before, rows: before.rows + rows };
  if (value === null) return { ...all, missing: before.missing + rows };
  const place = places.get(String(value));
  if (place === undefined) return { ...all, other: before.other + rows };
  const categories = before.categories.map((each, at) => (at === place ? { ...each, rows } : each));
  return { ...all, categories };
}

/** The same column of no rows. */
export function withoutRows<Column extends Distribution>(sketch: Column): Column {
  const none = { ...sketch, rows: 0, missing: 0 };
  if (none.kind === "category")
    return { ...none, other: 0, categories: none.categories.map(({ value }) => ({ value, rows: 0 })) };
  const zeros = none.counts.map(() => 0);
  const moments = { mean: null, deviation: null, min: null, max: null, infinite: 0, below: 0, above: 0 };
  return { ...none, ...moments, counts: zeros, equal: none.equal?.map(() => 0) ?? null };
}

/**
 * By how much rows of the same group raise the variance of a test, less 1: (m − 1)·ρ, where m is the size of the group of a
 * row and ρ how alike its rows are (Kish, Survey Sampling, 1965, ch. 5). Groups of equal rows count as one row each, and
 * groups that have nothing in common cost nothing. `group` is SQL, of the window and the group of a row.
 */
export async function groupEffect(
  session: Session,
  from: string,
  column: SketchedColumn,
  group: string,
): Promise<number> {
  const { sketch } = column;
  const effect =
    sketch.kind === "numeric"
      ? await ofNumbers(session, from, { column: column.column, sketch }, group)
      : await ofCategories(session, from, column.column, group);
  return Number.isFinite(effect) ? Number(Math.max(0, effect).toPrecision(4)) : 0;
}

/** Of values cut at the outer edges but one, so that a few far ones do not decide. */
async function ofNumbers(
  session: Session,
  from: string,
  { column, sketch }: { column: string; sketch: NumericDistribution },
  group: string,
): Promise<number> {
  const { edges, mean } = sketch;
  if (edges.length < 2 || mean === null) return 0;
  const many = edges.length > 10;
  const [low, high] = [edges[many ? 1 : 0], edges.at(many ? -2 : -1)];
  const cut = `least(greatest(${finiteNumber(quoteName(column))}, CAST('${low}' AS DOUBLE)), CAST('${high}' AS DOUBLE)) - CAST('${mean}' AS DOUBLE)`;
  const row = await session.row(
    `SELECT sum(n) AS n, sum(n * n) AS nn, sum(s) AS s, sum(q) AS q, sum(s * s) AS ss, sum(n * s) AS ns FROM
      (SELECT CAST(count(v) AS DOUBLE) AS n, sum(v) AS s, sum(v * v) AS q FROM (SELECT ${group} AS g, ${cut} AS v FROM ${from})
        WHERE g IS NOT NULL AND v IS NOT NULL GROUP BY g)`,
  );
  const [n, nn, s, q, ss, ns] = ["n", "nn", "s", "q", "ss", "ns"].map((name) => Number(row[name])) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const center = s / n;
  const variance = q / n - center * center;
  if (!(variance > 0) || nn <= n) return 0;
  const together = ss - 2 * center * ns + center * center * nn - (q - 2 * center * s + n * center * center);
  return (nn / n - 1) * (together / (nn - n) / variance);
}

/** How much oftener than by chance two rows of a group have the same category. */
async function ofCategories(session: Session, from: string, column: string, group: string): Promise<number> {
  const counted = `SELECT g, value, CAST(count(*) AS DOUBLE) AS n FROM (SELECT ${group} AS g, ${presentText(quoteName(column))} AS value FROM ${from})
    WHERE g IS NOT NULL AND value IS NOT NULL GROUP BY ALL`;
  const { n, nn } = await session.row(
    `SELECT sum(n) AS n, sum(n * n) AS nn FROM (SELECT sum(n) AS n FROM (${counted}) GROUP BY g)`,
  );
  const { same } = await session.row(`SELECT sum(n * (n - 1)) AS same FROM (${counted})`);
  const { chance } = await session.row(
    `SELECT sum(n * n) AS chance FROM (SELECT sum(n) AS n FROM (${counted}) GROUP BY value)`,
  );
  const [rows, pairs] = [Number(n), Number(nn) - Number(n)];
  const expected = Number(chance) / rows ** 2;
  if (!(pairs > 0) || expected >= 1) return 0;
  return (Number(nn) / rows - 1) * ((Number(same) / pairs - expected) / (1 - expected));
}

/** The last whole windows of a split, which touch and end where it ends. */
export interface WindowGrid {
  /** Start of the first, ms. */
  from: number;
  /** ms. */
  window: number;
  count: number;
}

const hour = 3_600_000;
const day = 24 * hour;

/** Two years of weeks. */
const mostWindows = 104;

/** Whole days, or whole hours where the window is none. null when not even one window fits. */
export function windowGrid({ first, last }: TimeSpan, window: number): WindowGrid | null {
  const unit = window % day === 0 ? day : hour;
  const start = Math.floor(Date.parse(first) / unit) * unit;
  const end = (Math.floor(Date.parse(last) / unit) + 1) * unit;
  const count = Math.min(mostWindows, Math.floor((end - start) / window));
  return count < 1 ? null : { from: end - count * window, window, count };
}

/** SQL for the part of its window that a row belongs to, counted from the first window on; null for rows before. `time` is a timestamp. */
export function partOf({ from, window }: WindowGrid, time: string): string {
  const since = `(epoch_ms(${time}) - ${from})`;
  return `CASE WHEN isfinite(${time}) AND ${since} >= 0 THEN CAST(floor(${since} * ${partsOfWindow} / ${window}) AS INTEGER) END`;
}
