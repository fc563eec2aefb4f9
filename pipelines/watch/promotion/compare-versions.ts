import type { Target } from "../../data/table.ts";
import { randomCells } from "../../evaluation/cells.ts";
import { classificationSides } from "../../evaluation/classification-sides.ts";
import { type Compared, compareMetric } from "../../evaluation/compare-metric.ts";
import { type IntervalPlan, planIntervals } from "../../evaluation/interval-plan.ts";
import type { Metric } from "../../evaluation/metrics/metric.ts";
import { classificationMetrics, regressionMetrics } from "../../evaluation/metrics/metrics.ts";
import { regressionSides } from "../../evaluation/regression-sides.ts";
import type { Sides } from "../../evaluation/sides.ts";
import { seededRandom } from "../../statistics/random.ts";
import type { Predictions } from "../../training/trainer.ts";
import { firstConfidence, intervalOfWindow } from "./error-spending.ts";

/**
 * A metric of two versions on the same rows, the current one as the candidate, with the paired interval of their difference
 * for the `window`-th window since the promotion.
 */
export function compareVersions(
  metric: string,
  target: Target,
  { current, previous }: { current: Predictions; previous: Predictions },
  { seed, window }: { seed: number; window: number },
): Compared & { direction: "min" | "max" } {
  if (target.task === "regression") {
    const sides = regressionSides(target.values, current, previous, 0);
    return compare(regressionMetrics, metric, sides, planIntervals(sides.rows, 0, firstConfidence, seed), window);
  }
  const sides = classificationSides(target, current.classes, current, previous, []);
  const plan = planIntervals(sides.rows, sides.naive.classes.length, firstConfidence, seed);
  return compare(classificationMetrics, metric, sides, plan, window);
}

function compare<Scored>(
  metrics: readonly Metric<Scored>[],
  name: string,
  { candidate, production, rows }: Sides<Scored>,
  plan: IntervalPlan,
  window: number,
): Compared & { direction: "min" | "max" } {
  const metric = metrics.find((each) => each.name === name);
  if (!metric) throw new Error(`There is no metric ${name} for this task.`);
  const cells = randomCells(rows, plan.cells, seededRandom(plan.seed));
  const compared = compareMetric(metric, candidate, production, cells, plan);
  const difference = compared.difference && intervalOfWindow(compared.difference, window);
  return { direction: metric.direction, ...compared, difference };
}
