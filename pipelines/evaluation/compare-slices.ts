import type { SliceRule } from "../config/model-config.ts";
import { UserError } from "../errors/user-error.ts";
import { seededRandom } from "../statistics/random.ts";
import { countClusters, drawnCells } from "./cells.ts";
import { compareMetric } from "./compare-metric.ts";
import type { SliceComparison } from "./evaluation.ts";
import type { IntervalPlan } from "./interval-plan.ts";
import type { Metric } from "./metrics/metric.ts";
import type { Side, Sides } from "./sides.ts";

/** The slice of each test row by one column. */
export interface SliceColumn {
  codes: Int32Array;
  levels: readonly string[];
}

/** Every slice that some rule judges, and how many are too small for any. */
export interface ComparedSlices {
  slices: SliceComparison[];
  small: number;
}

/** Compares the models on each value of the rules' columns that has enough rows. A rule on an unknown column or metric is a UserError. */
export function compareSlices<Scored>(
  sides: Sides<Scored>,
  metrics: readonly Metric<Scored>[],
  rules: readonly SliceRule[],
  columns: ReadonlyMap<string, SliceColumn>,
  plan: IntervalPlan,
  clusters: Int32Array | null = null,
): ComparedSlices {
  const slices: SliceComparison[] = [];
  const small = new Set<string>();
  for (const rule of widestRules(rules)) {
    const metric = metrics.find(({ name }) => name === rule.metric);
    const column = columns.get(rule.by);
    if (!metric || !column) throw unknownSlice(rule, !column);
    rowsByLevel(column).forEach((rows, code) => {
      const value = column.levels[code]!;
      const enough = rows.length > 0 && rows.length >= rule.min_rows;
      const part = { rows, clusters: clusters && Int32Array.from(rows, (row) => clusters[row]!) };
      if (enough) slices.push(compareSlice(sides, metric, { by: rule.by, value }, part, plan));
      else if (rows.length > 0) small.add(JSON.stringify([rule.by, value]));
    });
  }
  return { slices, small: small.size };
}

/** Rules on the same column and metric share their slices: the gate applies each rule to the slices that are large enough for it. */
function widestRules(rules: readonly SliceRule[]): SliceRule[] {
  const widest = new Map<string, SliceRule>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.by, rule.metric]);
    const known = widest.get(key);
    if (!known || rule.min_rows < known.min_rows) widest.set(key, rule);
  }
  return [...widest.values()];
}

function rowsByLevel({ codes, levels }: SliceColumn): Int32Array[] {
  const counts = new Int32Array(levels.length);
  for (const code of codes) if (code >= 0) counts[code]! += 1;
  const rows = Array.from(counts, (count) => new Int32Array(count));
  const filled = new Int32Array(levels.length);
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!;
    if (code >= 0) rows[code]![filled[code]!++] = row;
  }
  return rows;
}

function compareSlice<Scored>(
  { candidate, production, take }: Sides<Scored>,
  metric: Metric<Scored>,
  about: { by: string; value: string },
  { rows, clusters }: { rows: Int32Array; clusters: Int32Array | null },
  plan: IntervalPlan,
): SliceComparison {
  const part = (side: Side<Scored>): Side<Scored> => ("scored" in side ? { scored: take(side.scored, rows) } : side);
  const cells = drawnCells(rows.length, clusters, plan.sliceCells, seededRandom(plan.seed, rows[0]));
  const compared = compareMetric(metric, part(candidate), production && part(production), cells, plan);
  const counted = { rows: rows.length, ...(clusters && { groups: countClusters(clusters) }) };
  return { ...about, metric: metric.name, direction: metric.direction, ...counted, ...compared };
}

function unknownSlice({ by, metric }: SliceRule, column: boolean): UserError {
  const message = column ? `There is no column ${by} to slice by` : `There is no metric ${metric} to judge slices by`;
  return new UserError({
    message,
    key: "thresholds.slices",
    hint: "Name a column of the feature query and a metric of the model's task.",
  });
}
