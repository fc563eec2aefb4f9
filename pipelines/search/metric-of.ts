import { classificationSides } from "../evaluation/classification-sides.ts";
import { scoreNaive } from "../evaluation/compare-metric.ts";
import type { Metric } from "../evaluation/metrics/metric.ts";
import { classificationMetrics, regressionMetrics } from "../evaluation/metrics/metrics.ts";
import { regressionSides } from "../evaluation/regression-sides.ts";
import type { Side } from "../evaluation/sides.ts";
import type { Target } from "../features/table.ts";
import type { Predictions } from "../training/trainer.ts";
import type { TrialScore } from "./trial.ts";

/** One metric of predictions on rows whose truth is known; null with the reason where it has no value. */
export function metricOf(name: string, target: Target, predictions: Predictions): TrialScore {
  if (target.task === "regression") {
    const { candidate, rows } = regressionSides(target.values, predictions, null, 0);
    return score(regressionMetrics, name, candidate, rows);
  }
  const { candidate, rows } = classificationSides(target, predictions.classes, predictions, null, []);
  return score(classificationMetrics, name, candidate, rows);
}

function score<Scored>(metrics: readonly Metric<Scored>[], name: string, side: Side<Scored>, rows: number): TrialScore {
  const metric = metrics.find((each) => each.name === name);
  if (!metric) throw new Error(`There is no metric ${name} for this task.`);
  if ("problem" in side) return { score: null, problem: side.problem };
  const value = scoreNaive(metric, side.scored, rows);
  if (value !== null) return { score: value };
  const problem = metric.undefinedBecause?.(side.scored) ?? `${name} is not a finite number`;
  return { score: null, problem };
}
