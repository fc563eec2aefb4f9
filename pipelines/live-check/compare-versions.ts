import { randomCells } from "../evaluation/cells.ts";
import { classificationSides } from "../evaluation/classification-sides.ts";
import { type Compared, compareMetric } from "../evaluation/compare-metric.ts";
import { planIntervals } from "../evaluation/interval-plan.ts";
import type { Metric } from "../evaluation/metrics/metric.ts";
import { classificationMetrics, regressionMetrics } from "../evaluation/metrics/metrics.ts";
import { seededRandom } from "../evaluation/random.ts";
import { regressionSides } from "../evaluation/regression-sides.ts";
import type { Sides } from "../evaluation/sides.ts";
import type { Target } from "../features/table.ts";
import type { Predictions } from "../training/trainer.ts";

/** Stricter than the gate's 95%: the gate asks once, this is asked of every window. */
const confidence = 0.99;

/** A metric of two versions on the same rows, the current one as the candidate, with the paired interval of their difference. */
export function compareVersions(
  metric: string,
  target: Target,
  { current, previous }: { current: Predictions; previous: Predictions },
  seed: number,
): Compared & { direction: "min" | "max" } {
  if (target.task === "regression") {
    const sides = regressionSides(target.values, current, previous, 0);
    return compare(regressionMetrics, metric, sides, planIntervals(sides.rows, 0, confidence, seed));
  }
  const sides = classificationSides(target, current.classes, current, previous, []);
  const plan = planIntervals(sides.rows, sides.naive.classes.length, confidence, seed);
  return compare(classificationMetrics, metric, sides, plan);
}

function compare<Scored>(
  metrics: readonly Metric<Scored>[],
  name: string,
  { candidate, production, rows }: Sides<Scored>,
  plan: ReturnType<typeof planIntervals>,
): Compared & { direction: "min" | "max" } {
  const metric = metrics.find((each) => each.name === name);
  if (!metric) throw new Error(`There is no metric ${name} for this task.`);
  const cells = randomCells(rows, plan.cells, seededRandom(plan.seed));
  return { direction: metric.direction, ...compareMetric(metric, candidate, production, cells, plan) };
}
