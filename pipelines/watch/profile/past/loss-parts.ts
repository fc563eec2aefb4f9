import type { Session } from "../../../data/engines/session.ts";
import { lossOfMetric } from "../../performance/estimate/loss-model.ts";
import { lossSql } from "../../performance/estimate/terms-sql.ts";
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
  { target, classes, stored, metric }: ScoredColumns,
  { time, window }: PastRows,
): Promise<ReferencePast["performance"]> {
  const grid = time && windowGrid(time.span, window);
  if (!time || !grid) return null;
  const loss = lossSql(lossOfMetric(metric, classes.length === 0).loss, { target, classes, predicted: stored });
  const rows = await session.rows(
    `SELECT part, count(loss) AS rows, avg(loss) AS mean, var_pop(loss) AS variance FROM
      (SELECT ${partOf(grid, time.sql)} AS part, ${loss} AS loss FROM ${from})
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
