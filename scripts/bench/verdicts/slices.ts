import type { SliceRule } from "../../../pipelines/config/model-config.ts";
import { planIntervals } from "../../../pipelines/evaluation/compare-metric.ts";
import { compareSlices } from "../../../pipelines/evaluation/evaluate.ts";
import type { Evaluation } from "../../../pipelines/evaluation/evaluation.ts";
import { regressionMetrics } from "../../../pipelines/evaluation/metrics/metrics.ts";
import { type ScoredRegression, takeRegression } from "../../../pipelines/evaluation/scored.ts";
import { checkSlices } from "../../../pipelines/gate/slice-checks.ts";
import { drawFrom, type ErrorRate, wrongBy } from "./errors.ts";

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
