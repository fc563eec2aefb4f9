import { type MetricName, metricDirections } from "../../config/metric-names.ts";
import type { SearchConfig } from "../../config/model-config.ts";
import { judgedValue } from "../../evaluation/metrics/metrics.ts";
import type { TrialScore } from "./score-trial.ts";

/** A round of a search: how many trials are in it, and the budget of each; null is all there is. */
export interface Round {
  trials: number;
  budget: number | null;
}

/**
 * One round for grid and random. Successive halving (Jamieson and Talwalkar, 2016): floor(log_eta(trials)) + 1 rounds, each
 * with the best 1/eta of the trials before and eta times their budget, so that the last has `full`, the whole budget.
 */
export function planRounds(
  { method, eta }: Pick<SearchConfig, "method" | "eta">,
  trials: number,
  full: number,
): Round[] {
  if (method !== "halving") return [{ trials, budget: null }];
  const sizes = [trials];
  while (sizes.at(-1)! >= eta) sizes.push(Math.floor(sizes.at(-1)! / eta));
  return sizes.map((size, round) => ({
    trials: size,
    budget: Math.max(1, Math.round(full / eta ** (sizes.length - 1 - round))),
  }));
}

/** Positions of the scores, the best first; of equals the earlier one, and those without a score last. */
export function rankTrials(metric: string, scores: readonly TrialScore[]): number[] {
  const sign = metricDirections[metric as MetricName] === "max" ? -1 : 1;
  const costs = scores.map(({ score }) => (score === null ? Infinity : sign * judgedValue(metric, score)));
  return [...costs.keys()].sort((a, b) => (costs[a] === costs[b] ? a - b : costs[a]! - costs[b]!));
}
