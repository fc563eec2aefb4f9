import { drawnCells } from "../../../pipelines/evaluation/cells.ts";
import { compareMetric, type IntervalPlan, planIntervals } from "../../../pipelines/evaluation/compare-metric.ts";
import type { Difference } from "../../../pipelines/evaluation/evaluation.ts";
import { regressionMetrics } from "../../../pipelines/evaluation/metrics/metrics.ts";
import type { ScoredRegression } from "../../../pipelines/evaluation/scored.ts";
import { seededRandom } from "../../../pipelines/statistics/random.ts";
import { type Draw, drawFrom, type ErrorRate, rateOf, wrongBy } from "./errors.ts";

/** The difference of two models' metric with its 95% interval, as the gate has it. */
export function differenceOf(
  metric: string,
  [candidate, production]: readonly [ScoredRegression, ScoredRegression],
  { clusters = null, plan }: { clusters?: Int32Array | null; plan: IntervalPlan },
): Difference {
  const found = regressionMetrics.find(({ name }) => name === metric)!;
  const cells = drawnCells(candidate.rows, clusters, plan.cells, seededRandom(plan.seed));
  return compareMetric(found, { scored: candidate }, { scored: production }, cells, plan).difference!;
}

/** The plan of a test set of this size. Its draws are made once, so that simulations of one size share them. */
export function planOf(rows: number, seed = 1): IntervalPlan {
  return planIntervals(rows, 0, 0.95, seed);
}

/** How often the 95% interval of two models, one as good as the other, holds zero on 100 rows. */
export function smallSamples(metric: string, tail: "normal" | "t3", simulations: number): ErrorRate {
  const plan = planOf(100);
  return rateOf(simulations, (seed) => {
    const draw = drawFrom(seed);
    const pair = [wrongBy(100, draw[tail]), wrongBy(100, draw[tail])] as const;
    return holdsZero(differenceOf(metric, pair, { plan }));
  });
}

/** Groups of rows whose errors share half of their variance, for each model its own. */
function groupedErrors(draw: Draw, groups: number, size: number): ScoredRegression {
  const shared = Array.from({ length: groups }, draw.normal);
  return wrongBy(groups * size, (row) => Math.SQRT1_2 * (shared[Math.floor(row / size)]! + draw.normal()));
}

/** How often the interval of equal models holds zero when rows come in groups, with whole groups drawn and with single rows. */
export function groupedRows(
  groups: number,
  size: number,
  simulations: number,
): { byGroup: ErrorRate; byRow: ErrorRate } {
  const rows = groups * size;
  const clusters = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / size));
  const plan = planOf(rows);
  const rate = (drawn: Int32Array | null) =>
    rateOf(simulations, (seed) => {
      const draw = drawFrom(seed);
      const pair = [groupedErrors(draw, groups, size), groupedErrors(draw, groups, size)] as const;
      return holdsZero(differenceOf("rmse", pair, { clusters: drawn, plan }));
    });
  return { byGroup: rate(clusters), byRow: rate(null) };
}

function holdsZero({ low, high }: Difference): boolean {
  return low <= 0 && high >= 0;
}
