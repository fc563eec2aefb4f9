import type { RetrainRule } from "../config/model-config.ts";
import type { Difference, MetricComparison } from "../evaluation/evaluation.ts";
import { formatApart, formatCount, formatNumber, formatPercent, formatSigned } from "../statistics/format-number.ts";
import { describeInterval, whatWouldSettle, withinNoise } from "./differences.ts";
import type { Outcome } from "./verdict.ts";

/** Both models' primary scores as the gate compares them (a bias by its size), and what they stand for. */
export interface PrimaryScores {
  metric: MetricComparison;
  candidate: number;
  production: number;
  /** Of production. */
  version: number;
  rows: number;
  sameModel: boolean;
}

/** `rmse 30.02 must be below production's 29.61 (v2) on the same 369,478 test rows (95% interval +0.33 … +0.49).` */
export function comparedSentence(scores: PrimaryScores, better: boolean): string {
  const { metric, candidate, production, sameModel } = scores;
  const subject = `${nameOf(metric.metric)} ${formatApart(candidate, production)[0]}`;
  if (better) return `${subject} is better than ${productionOf(scores)}${intervalClause(metric)}.`;
  const must = `${subject} must be ${metric.direction === "min" ? "below" : "above"} ${productionOf(scores)}`;
  if (sameModel) return `${must}, and it is the same model file.`;
  if (candidate === production) return `${must}, and it is exactly equal.`;
  return `${must}${intervalClause(metric)}.`;
}

/** Why an interval that includes zero decides nothing. */
export function undecidedSentence(scores: PrimaryScores): string {
  const { metric, candidate, production } = scores;
  const subject = `${nameOf(metric.metric)} ${formatApart(candidate, production)[0]}`;
  const interval = metric.difference ? describeInterval(metric.difference) : "interval";
  return `${subject} against ${productionOf(scores)} does not decide: the ${interval} includes zero.`;
}

/** Where the interval lies against the margin. */
export function marginSentence(
  scores: PrimaryScores,
  margin: NonNullable<RetrainRule["margin"]>,
  outcome: Outcome,
): string {
  const { metric, candidate, production } = scores;
  const subject = `${nameOf(metric.metric)} ${formatApart(candidate, production)[0]} against ${productionOf(scores)}`;
  const limit = `the margin of ${describeMargin(margin)}`;
  if (outcome === "pass") return `${subject} is within ${limit}${intervalClause(metric)}.`;
  if (outcome === "fail") return `${subject} is worse than ${limit} allows${intervalClause(metric)}.`;
  const interval = metric.difference ? describeInterval(metric.difference) : "interval";
  return `${subject} does not decide: the ${interval} straddles ${limit}.`;
}

/** The limit of being better than production: `< 29.61`. */
export function beatLimit({ metric, candidate, production }: PrimaryScores): string {
  return `${metric.direction === "min" ? "<" : ">"} ${formatApart(candidate, production)[1]}`;
}

/** What would take the difference out of the noise around `limit`, in the metric's unit. */
export function noiseNote(metric: string, difference: Difference, limit: number): string {
  const interval = describeInterval(difference);
  const said =
    limit === 0
      ? `The difference of ${metric} is within noise: its ${interval} includes zero`
      : `The ${interval} of the difference of ${metric} includes the margin of ${formatSigned(limit)}`;
  return `${said}; ${whatWouldSettle(difference, limit)}.`;
}

/** `1%` or `0.5`. */
export function describeMargin(margin: NonNullable<RetrainRule["margin"]>): string {
  return "relative" in margin ? formatPercent(margin.relative) : formatNumber(margin.absolute);
}

function productionOf({ candidate, production, version, rows }: PrimaryScores): string {
  return `production's ${formatApart(candidate, production)[1]} (v${version}) on the same ${formatCount(rows)} test rows`;
}

function nameOf(metric: string): string {
  return metric === "bias" ? "|bias|" : metric;
}

function intervalClause({ difference }: MetricComparison): string {
  if (!difference) return "";
  return ` (${describeInterval(difference)}${withinNoise(difference) ? ", within noise" : ""})`;
}
