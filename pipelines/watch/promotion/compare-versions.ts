import type { Target } from "../../data/table.ts";
import { randomCells } from "../../evaluation/cells.ts";
import { type Compared, compareMetric, type IntervalPlan, planIntervals } from "../../evaluation/compare-metric.ts";
import { atConfidence, type Difference } from "../../evaluation/evaluation.ts";
import type { Metric } from "../../evaluation/metrics/metric.ts";
import { classificationMetrics, regressionMetrics } from "../../evaluation/metrics/metrics.ts";
import { classificationSides, regressionSides, type Sides } from "../../evaluation/sides.ts";
import { seededRandom } from "../../statistics/random.ts";
import type { Predictions } from "../../training/trainer.ts";

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

/** Chance that a version which is as good as the one before is ever found to be worse, over all windows of its life. */
const lifetimeError = 0.01;

/** Of the interval in the first window since a promotion; stricter than the gate's, which is asked once. */
export const firstConfidence = 1 - 2 * errorOf(1);

/**
 * The interval of a difference for the k-th window since the promotion (1 is the first), from that of the first. Whoever looks
 * often finds something in the end: a part 1 ÷ (k(k + 1)) of the error is spent on each window, and these parts sum up to
 * one however long one looks (Lan & DeMets, Discrete sequential boundaries for clinical trials, Biometrika 1983).
 */
export function intervalOfWindow(first: Difference, window: number): Difference {
  return atConfidence(first, 1 - 2 * errorOf(window));
}

function errorOf(window: number): number {
  return lifetimeError / (window * (window + 1));
}
