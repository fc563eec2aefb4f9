import type { Session } from "../../../data/engines/session.ts";
import { quoteName, quoteText } from "../../../data/engines/tables.ts";
import type { PastRows } from "./column-pasts.ts";
import { lossSpread, type PartLoss } from "./loss-spread.ts";
import { partsOfWindow, type ReferencePast } from "./past.ts";
import { partOf, windowGrid } from "./window-grid.ts";

/** What is stored of a prediction, and the metric that it is judged by. */
export interface ScoredColumns {
  target: string;
  classes: readonly string[];
  /** `prediction`, or `label` and a probability for each class. */
  stored: readonly string[];
  metric: string;
}

/** How much the loss on the test split differs from window to window; null when it has no times or too few windows. */
export async function lossPast(
  session: Session,
  from: string,
  columns: ScoredColumns,
  { time, window }: PastRows,
): Promise<ReferencePast["performance"]> {
  const grid = time && windowGrid(time.span, window);
  if (!time || !grid) return null;
  const rows = await session.rows(
    `SELECT part, count(loss) AS rows, avg(loss) AS mean, var_pop(loss) AS variance FROM
      (SELECT ${partOf(grid, time.sql)} AS part, ${lossOf(columns)} AS loss FROM ${from})
      WHERE part IS NOT NULL AND isfinite(loss) GROUP BY part`,
  );
  const found = new Map(rows.map((row) => [Number(row.part), row]));
  const windows = Array.from({ length: grid.count }, (_, each) =>
    Array.from({ length: partsOfWindow }, (__, part): PartLoss => {
      const row = found.get(each * partsOfWindow + part);
      return { rows: Number(row?.rows ?? 0), mean: Number(row?.mean ?? 0), variance: Number(row?.variance ?? 0) };
    }),
  );
  return lossSpread(windows);
}

/** SQL for the loss of a row that the metric is nearest to. */
function lossOf({ target, classes, stored, metric }: ScoredColumns): string {
  const truth = quoteName(target);
  if (classes.length === 0) {
    const error = `CAST(${quoteName(stored[0]!)} AS DOUBLE) - CAST(${truth} AS DOUBLE)`;
    return metric === "rmse" || metric === "r2" ? `(${error}) * (${error})` : `abs(${error})`;
  }
  const actual = `CAST(${truth} AS VARCHAR)`;
  if (metric === "accuracy" || metric === "f1")
    return `CASE WHEN ${actual} = CAST(${quoteName(stored[0]!)} AS VARCHAR) THEN 0.0 ELSE 1.0 END`;
  const cases = classes.map((name, at) => `WHEN ${quoteText(name)} THEN ${quoteName(stored[at + 1]!)}`);
  return `-ln(greatest(CAST(CASE ${actual} ${cases.join(" ")} ELSE 0 END AS DOUBLE), 1e-7))`;
}
