import { type MetricName, metricDirections } from "../../config/metric-names.ts";
import { judgedValue } from "../../evaluation/metrics/metrics.ts";
import type { TrialScore } from "./trial.ts";

/** Positions of the scores, the best first; of equals the earlier one, and those without a score last. */
export function rankTrials(metric: string, scores: readonly TrialScore[]): number[] {
  const sign = metricDirections[metric as MetricName] === "max" ? -1 : 1;
  const costs = scores.map(({ score }) => (score === null ? Infinity : sign * judgedValue(metric, score)));
  return [...costs.keys()].sort((a, b) => (costs[a] === costs[b] ? a - b : costs[a]! - costs[b]!));
}
