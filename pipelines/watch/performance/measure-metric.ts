import type { Target } from "../../data/table.ts";
import { everyCellOnce, randomCells } from "../../evaluation/cells.ts";
import { type IntervalPlan, planIntervals } from "../../evaluation/compare-metric.ts";
import type { Metric } from "../../evaluation/metrics/metric.ts";
import { classificationMetrics, regressionMetrics } from "../../evaluation/metrics/metrics.ts";
import { classificationSides, regressionSides, type Side } from "../../evaluation/sides.ts";
import { formatCount } from "../../statistics/format-number.ts";
import { seededRandom } from "../../statistics/random.ts";
import type { Predictions } from "../../training/trainer.ts";
import type { CurrentPerformance } from "../drift/drift-result.ts";
import type { MetricLevel, Profile } from "../profile/profile.ts";
import { readOutcomes } from "./read-outcomes.ts";

const confidence = 0.95;
const fewestRows = 10;

/**
 * A metric of predictions whose outcomes are known, with a bootstrap percentile interval: the same seed gives the same
 * interval. Where it has no value, the reason. Many measurements of about as many rows can share a plan, and its draws.
 */
export function measureMetric(
  metric: string,
  target: Target,
  predictions: Predictions,
  seed: number,
  plan = planIntervals(predictions.rows, predictions.classes.length, confidence, seed),
): MetricLevel | { problem: string } {
  if (target.task === "regression") {
    const { candidate, rows } = regressionSides(target.values, predictions, null, 0);
    return measure(regressionMetrics, metric, candidate, rows, plan);
  }
  const { candidate, rows } = classificationSides(target, predictions.classes, predictions, null, []);
  return measure(classificationMetrics, metric, candidate, rows, plan);
}

function measure<Scored>(
  metrics: readonly Metric<Scored>[],
  name: string,
  side: Side<Scored>,
  rows: number,
  plan: IntervalPlan,
): MetricLevel | { problem: string } {
  const metric = metrics.find((each) => each.name === name);
  if (!metric) throw new Error(`There is no metric ${name} for this task.`);
  if (rows < fewestRows) return { problem: `the outcome of ${formatCount(rows)} rows is known, and 10 is the least` };
  if ("problem" in side) return side;
  const undefinedBecause = metric.undefinedBecause?.(side.scored);
  if (undefinedBecause) return { problem: undefinedBecause };
  const cells = randomCells(rows, plan.cells, seededRandom(plan.seed));
  const score = metric.prepare(side.scored, cells);
  const value = score(everyCellOnce(cells), rows);
  const replicates = metric.visitsRows ? plan.rowReplicates : plan.resamples.replicates;
  const weights = plan.resamples.weights(cells.count);
  const scores = new Float64Array(replicates);
  for (let at = 0; at < replicates; at++) {
    const drawn = weights.subarray(at * cells.count, (at + 1) * cells.count);
    scores[at] = score(drawn, drawnRows(drawn, cells.sizes));
  }
  const defined = scores.filter(Number.isFinite).sort();
  if (!Number.isFinite(value) || defined.length * 2 < replicates) return { problem: `${name} is not a finite number` };
  return { metric: name, direction: metric.direction, rows, value, ...spreadOf(defined), confidence };
}

function drawnRows(weights: Uint16Array, sizes: Float64Array): number {
  let rows = 0;
  for (let cell = 0; cell < sizes.length; cell++) rows += weights[cell]! * sizes[cell]!;
  return rows;
}

function spreadOf(sorted: Float64Array): Pick<MetricLevel, "low" | "high" | "error"> {
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (sorted.length - 1);
  return { low: at((1 - confidence) / 2), high: at((1 + confidence) / 2), error: Math.sqrt(variance) };
}

/**
 * The primary metric on the window's rows whose outcome is known, as registration measured it on the test split. null when
 * there are none, when the files lack the columns, or when the profile has no metric to compare with.
 */
export async function currentPerformance(
  { performance, task, target, classes }: Profile,
  files: readonly string[],
  seed: number,
): Promise<CurrentPerformance | null> {
  if (!performance) return null;
  const predicted = task === "regression" ? ["prediction"] : classes.map((name) => `probability_${name}`);
  const outcomes = await readOutcomes({ files, task, target, classes, predicted });
  if (!outcomes || outcomes.predictions.rows === 0) return null;
  return measureMetric(performance.metric, outcomes.target, outcomes.predictions, seed);
}
