import type { SliceRule } from "../../../pipelines/config/model-config.ts";
import { drawnCells } from "../../../pipelines/evaluation/cells.ts";
import { compareMetric, type IntervalPlan, planIntervals } from "../../../pipelines/evaluation/compare-metric.ts";
import { compareSlices } from "../../../pipelines/evaluation/evaluate.ts";
import type { Difference, Evaluation } from "../../../pipelines/evaluation/evaluation.ts";
import { regressionMetrics } from "../../../pipelines/evaluation/metrics/metrics.ts";
import { type ScoredRegression, takeRegression } from "../../../pipelines/evaluation/scored.ts";
import { intervalAfterSpending } from "../../../pipelines/gate/primary-check.ts";
import { checkSlices } from "../../../pipelines/gate/slice-checks.ts";
import { seededRandom } from "../../../pipelines/statistics/random.ts";
import { type Draw, drawFrom, type ErrorRate, rateOf, wrongBy } from "./errors.ts";

/** The difference of two models' metric with its 95% interval, as the gate has it. */
function differenceOf(
  metric: string,
  [candidate, production]: readonly [ScoredRegression, ScoredRegression],
  { clusters = null, plan }: { clusters?: Int32Array | null; plan: IntervalPlan },
): Difference {
  const found = regressionMetrics.find(({ name }) => name === metric)!;
  const cells = drawnCells(candidate.rows, clusters, plan.cells, seededRandom(plan.seed));
  return compareMetric(found, { scored: candidate }, { scored: production }, cells, plan).difference!;
}

/** The plan of a test set of this size. Its draws are made once, so that simulations of one size share them. */
function planOf(rows: number, seed = 1): IntervalPlan {
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

/**
 * Projects that try `tries` candidates, each as good as production, on the same 100 test rows in mode superior: how many pass
 * one, when the interval knows of the tries before and when it does not.
 */
export function equalTries(tries: number, projects: number): { knowing: ErrorRate; unknowing: ErrorRate } {
  const rows = 100;
  const plan = planOf(rows);
  const passed = { knowing: 0, unknowing: 0 };
  for (let seed = 1; seed <= projects; seed++) {
    const draw = drawFrom(seed);
    const production = wrongBy(rows, draw.normal);
    const found = { knowing: false, unknowing: false };
    for (let before = 0; before < tries; before++) {
      const difference = differenceOf("rmse", [wrongBy(rows, draw.normal), production], { plan });
      found.unknowing ||= difference.high < 0;
      found.knowing ||= intervalAfterSpending(difference, before).high < 0;
    }
    if (found.knowing) passed.knowing += 1;
    if (found.unknowing) passed.unknowing += 1;
  }
  return {
    knowing: { hits: passed.knowing, of: projects },
    unknowing: { hits: passed.unknowing, of: projects },
  };
}

const rule: SliceRule = { by: "slice", metric: "rmse", max_regression: { relative: 0.1 }, min_rows: 100 };

/** What `max_regression: 10%` finds in slices of these sizes, of which the first is made worse by `worse`, a share of the rmse. */
export function judgedSlices(
  sizes: readonly number[],
  worse: number,
  simulations: number,
): { first: ErrorRate; any: ErrorRate; beyondLimit: ErrorRate } {
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  const codes = Int32Array.from(sizes.flatMap((size, code) => new Array<number>(size).fill(code)));
  const columns = new Map([["slice", { codes, levels: sizes.map((_, code) => `s${code}`) }]]);
  const plan = planIntervals(rows, 0, 0.95, 1);
  const count = { first: 0, any: 0, beyondLimit: 0 };
  for (let seed = 1; seed <= simulations; seed++) {
    const draw = drawFrom(seed);
    const production = wrongBy(rows, draw.normal);
    const candidate = wrongBy(rows, (row) => (codes[row] === 0 ? 1 + worse : 1) * draw.normal());
    const { slices } = compareSlices(sides(candidate, production), regressionMetrics, [rule], columns, plan);
    const failed = checkSlices({ slices } as unknown as Evaluation, [rule]).filter(({ outcome }) => outcome === "fail");
    if (failed.length > 0) count.any += 1;
    if (failed.some(({ id }) => id === "slice:slice=s0")) count.first += 1;
    if (slices.some((slice) => slice.candidate! > 1.1 * slice.production!)) count.beyondLimit += 1;
  }
  const rate = (hits: number) => ({ hits, of: simulations });
  return { first: rate(count.first), any: rate(count.any), beyondLimit: rate(count.beyondLimit) };
}

function sides(candidate: ScoredRegression, production: ScoredRegression) {
  const naive = wrongBy(candidate.rows, () => 0);
  return {
    rows: candidate.rows,
    candidate: { scored: candidate },
    production: { scored: production },
    naive,
    take: takeRegression,
  };
}
