import type { Target } from "../data/table.ts";
import type { Predictions } from "../training/trainer.ts";
import { classificationSides } from "./classification-sides.ts";
import { scoreNaive } from "./compare-metric.ts";
import type { Metric } from "./metrics/metric.ts";
import { classificationMetrics, regressionMetrics } from "./metrics/metrics.ts";
import { regressionSides } from "./regression-sides.ts";
import type { Side } from "./sides.ts";

/** A metric's value; null where it has none, with the reason. */
export interface Score {
  score: number | null;
  problem?: string;
}

/** One metric of predictions on rows whose truth is known; null with the reason where it has no value. */
export function scoreMetric(name: string, target: Target, predictions: Predictions): Score {
  if (target.task === "regression") {
    const { candidate, rows } = regressionSides(target.values, predictions, null, 0);
    return score(regressionMetrics, name, candidate, rows);
  }
  const { candidate, rows } = classificationSides(target, predictions.classes, predictions, null, []);
  return score(classificationMetrics, name, candidate, rows);
}

function score<Scored>(metrics: readonly Metric<Scored>[], name: string, side: Side<Scored>, rows: number): Score {
  const metric = metrics.find((each) => each.name === name);
  if (!metric) throw new Error(`There is no metric ${name} for this task.`);
  if ("problem" in side) return { score: null, problem: side.problem };
  const value = scoreNaive(metric, side.scored, rows);
  if (value !== null) return { score: value };
  const problem = metric.undefinedBecause?.(side.scored) ?? `${name} is not a finite number`;
  return { score: null, problem };
}
