import type { Session } from "../../../data/engines/session.ts";
import { quoteName } from "../../../data/engines/tables.ts";
import { presentText } from "../count-categories.ts";
import { numberValues } from "../count-columns.ts";
import type { CategoryDistribution, Distribution, NumericDistribution } from "../distribution.ts";
import { numberAggregates, readNumberAggregates } from "../number-aggregates.ts";
import { partsOfWindow } from "./past.ts";
import { partOf, type WindowGrid } from "./window-grid.ts";

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
