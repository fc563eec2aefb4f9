import type { RetrainRule, Thresholds } from "../config/model-config.ts";
import { atConfidence, type Difference, type Evaluation, type MetricComparison } from "../evaluation/evaluation.ts";
import { judgedValue } from "../evaluation/metrics/metrics.ts";
import { formatApart, formatCount, formatNumber, formatPercent, formatSigned } from "../statistics/format-number.ts";
import { describeInterval, formatConfidence, whatWouldSettle, withinNoise, worsening } from "./differences.ts";
import { comparisonOf } from "./evaluation-check.ts";
import type { GateCheck, Outcome } from "./verdict.ts";

/** A check and what is worth knowing about it. */
interface Judged {
  check: GateCheck;
  notes: string[];
}

/** Is the candidate better (or, non-inferior: not worse) than production on the primary metric, on the same rows? */
export function checkAgainstProduction(evaluation: Evaluation, { primary, retrain }: Thresholds): Judged {
  const measured = scoresOf(evaluation, primary);
  if (!measured) {
    const reason = `${primary} cannot be compared with production's: a number is missing.`;
    return failed("better than production", "missing", reason);
  }
  const spends = retrain.mode !== "point";
  const scores = spends ? afterOthers(measured, evaluation.judged_before) : measured;
  const judged = judgeByMode(scores, retrain);
  if (!scores.sameModel) return { ...judged, notes: [...judged.notes, ...reuseNotes(evaluation, spends)] };
  const same = `The candidate is the same model file as production v${scores.version}: deploying it would change nothing.`;
  return { ...judged, notes: [same] };
}

function scoresOf(evaluation: Evaluation, primary: string): PrimaryScores | null {
  const { baseline, model, rows } = evaluation;
  const metric = comparisonOf(evaluation, primary);
  if (!metric || baseline.state !== "scored" || metric.candidate === null || metric.production === null) return null;
  const candidate = judgedValue(primary, metric.candidate);
  const production = judgedValue(primary, metric.production);
  return { metric, candidate, production, rows, version: baseline.version, sameModel: baseline.model === model };
}

/** By the interval that is due after the candidates which these test rows have judged before. */
function afterOthers(scores: PrimaryScores, before: number | undefined): PrimaryScores {
  const { metric } = scores;
  return {
    ...scores,
    metric: { ...metric, difference: metric.difference && intervalAfterSpending(metric.difference, before) },
  };
}

function judgeByMode(scores: PrimaryScores, { mode, margin }: RetrainRule): Judged {
  switch (mode) {
    case "point":
      return judgePoint(scores);
    case "superior":
      return judgeSuperior(scores);
    case "non-inferior":
      return judgeNonInferior(scores, margin);
    default:
      return failed("a known mode", String(mode), `${String(mode)} is not a retrain mode.`);
  }
}

/** Strictly better by the point; the interval is told, not judged. */
function judgePoint(scores: PrimaryScores): Judged {
  const { candidate, production, metric } = scores;
  const better = pointWorsening(scores) < 0;
  const { difference } = metric;
  const noise = difference && candidate !== production && withinNoise(difference);
  const notes = noise ? [noiseNote(metric.metric, difference, 0)] : [];
  const check = checkOf(scores, better ? "pass" : "fail", beatLimit(scores), comparedSentence(scores, better));
  return { check, notes };
}

/** The whole interval on the good side of production. Wholly on the other side, or exactly equal, fails. */
function judgeSuperior(scores: PrimaryScores): Judged {
  const { best, worst } = intervalWorsening(scores.metric);
  const better = pointWorsening(scores) < 0 && worst < 0;
  const outcome = better ? "pass" : best >= 0 ? "fail" : "inconclusive";
  const undecided = outcome === "inconclusive";
  const reason = undecided ? undecidedSentence(scores) : comparedSentence(scores, better);
  const check = checkOf(scores, outcome, `${beatLimit(scores)}, beyond noise`, reason);
  return { check, notes: undecided ? settlingNotes(scores.metric, 0) : [] };
}

/** The whole interval within the margin. A margin of zero is a margin: not worse at all. */
function judgeNonInferior(scores: PrimaryScores, margin: RetrainRule["margin"]): Judged {
  if (!margin) return failed("a margin", "none", "Mode non-inferior needs a margin, and there is none.");
  const { metric, candidate, production } = scores;
  const allowed = allowedWorsening(margin, production);
  const scale = Math.max(Math.abs(candidate), Math.abs(production));
  const { best, worst } = intervalWorsening(metric);
  const within = atMost(worst, allowed, scale) && atMost(pointWorsening(scores), allowed, scale);
  const outcome = within ? "pass" : atMost(best, allowed, scale) ? "inconclusive" : "fail";
  const limit = `at most ${describeMargin(margin)} worse`;
  const check = checkOf(scores, outcome, limit, marginSentence(scores, margin, outcome));
  const edge = worsening(allowed, metric.direction);
  return { check, notes: outcome === "inconclusive" ? settlingNotes(metric, edge) : [] };
}

function pointWorsening({ candidate, production, metric }: PrimaryScores): number {
  return worsening(candidate - production, metric.direction);
}

/** The interval's ends as worsening: `best` is the more favourable one. Without an interval both are the worst there is. */
function intervalWorsening({ difference, direction }: MetricComparison): { best: number; worst: number } {
  if (!difference) return { best: Number.POSITIVE_INFINITY, worst: Number.POSITIVE_INFINITY };
  const ends = [worsening(difference.low, direction), worsening(difference.high, direction)];
  return { best: Math.min(...ends), worst: Math.max(...ends) };
}

function settlingNotes({ metric, difference }: MetricComparison, limit: number): string[] {
  return difference ? [noiseNote(metric, difference, limit)] : [];
}

function checkOf(scores: PrimaryScores, outcome: Outcome, limit: string, reason: string): GateCheck {
  const [found] = formatApart(scores.candidate, scores.production);
  return { id: "primary", outcome, limit, found, reason };
}

function failed(limit: string, found: string, reason: string): Judged {
  return { check: { id: "primary", outcome: "fail", limit, found, reason }, notes: [] };
}

/** How much worse than production is still allowed: a share of production's size, or in the metric's unit. */
type Margin = { relative: number } | { absolute: number };

/** In the metric's unit. A relative margin is a share of |production|, so that a negative score does not turn it around. */
export function allowedWorsening(margin: Margin, production: number): number {
  return "relative" in margin ? margin.relative * Math.abs(production) : margin.absolute;
}

/** `worse ≤ allowed`, forgiving only the rounding of numbers of size `scale`: 1.1 − 1 is within 10% of 1. NaN is never within. */
export function atMost(worse: number, allowed: number, scale: number): boolean {
  return worse <= allowed + 4 * Number.EPSILON * scale;
}

/** Both models' primary scores as the gate compares them (a bias by its size), and what they stand for. */
interface PrimaryScores {
  metric: MetricComparison;
  candidate: number;
  production: number;
  /** Of production. */
  version: number;
  rows: number;
  sameModel: boolean;
}

/** `rmse 30.02 must be below production's 29.61 (v2) on the same 369,478 test rows (95% interval +0.33 … +0.49).` */
function comparedSentence(scores: PrimaryScores, better: boolean): string {
  const { metric, candidate, production, sameModel } = scores;
  const subject = `${nameOf(metric.metric)} ${formatApart(candidate, production)[0]}`;
  if (better) return `${subject} is better than ${productionOf(scores)}${intervalClause(metric)}.`;
  const must = `${subject} must be ${metric.direction === "min" ? "below" : "above"} ${productionOf(scores)}`;
  if (sameModel) return `${must}, and it is the same model file.`;
  if (candidate === production) return `${must}, and it is exactly equal.`;
  return `${must}${intervalClause(metric)}.`;
}

/** Why an interval that includes zero decides nothing. */
function undecidedSentence(scores: PrimaryScores): string {
  const { metric, candidate, production } = scores;
  const subject = `${nameOf(metric.metric)} ${formatApart(candidate, production)[0]}`;
  const interval = metric.difference ? describeInterval(metric.difference) : "interval";
  return `${subject} against ${productionOf(scores)} does not decide: the ${interval} includes zero.`;
}

/** Where the interval lies against the margin. */
function marginSentence(scores: PrimaryScores, margin: NonNullable<RetrainRule["margin"]>, outcome: Outcome): string {
  const { metric, candidate, production } = scores;
  const subject = `${nameOf(metric.metric)} ${formatApart(candidate, production)[0]} against ${productionOf(scores)}`;
  const limit = `the margin of ${describeMargin(margin)}`;
  if (outcome === "pass") return `${subject} is within ${limit}${intervalClause(metric)}.`;
  if (outcome === "fail") return `${subject} is worse than ${limit} allows${intervalClause(metric)}.`;
  const interval = metric.difference ? describeInterval(metric.difference) : "interval";
  return `${subject} does not decide: the ${interval} straddles ${limit}.`;
}

/** The limit of being better than production: `< 29.61`. */
function beatLimit({ metric, candidate, production }: PrimaryScores): string {
  return `${metric.direction === "min" ? "<" : ">"} ${formatApart(candidate, production)[1]}`;
}

/** What would take the difference out of the noise around `limit`, in the metric's unit. */
function noiseNote(metric: string, difference: Difference, limit: number): string {
  const interval = describeInterval(difference);
  const said =
    limit === 0
      ? `The difference of ${metric} is within noise: its ${interval} includes zero`
      : `The ${interval} of the difference of ${metric} includes the margin of ${formatSigned(limit)}`;
  return `${said}; ${whatWouldSettle(difference, limit)}.`;
}

/** `1%` or `0.5`. */
function describeMargin(margin: NonNullable<RetrainRule["margin"]>): string {
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

/** From this many candidates on, the report says that the test rows were used before. */
const worthTelling = 5;

/**
 * The interval that a candidate is judged by when `before` others were judged on the same test rows. Who tries often enough
 * passes in the end by luck, so the error that the confidence allows is spent once on the first candidate, and once more
 * on all that follow: a part 1 ÷ (k(k + 1)) on the one after k others, parts that sum up to one (as Lan & DeMets, Discrete
 * sequential boundaries for clinical trials, Biometrika 1983). A two-sided 95% interval errs to the good side in 2.5%, so
 * that all candidates together do in at most 5%.
 */
export function intervalAfterSpending(difference: Difference, before = 0): Difference {
  if (before === 0) return difference;
  return atConfidence(difference, 1 - (1 - difference.confidence) / (before * (before + 1)));
}

/** That these test rows have judged many candidates, from the fifth on. */
function reuseNotes({ judged_before = 0, metrics: [primary] }: Evaluation, spends: boolean): string[] {
  if (judged_before + 1 < worthTelling) return [];
  const told = `${formatCount(judged_before)} other candidates were judged on these test rows before this one`;
  if (!spends || !primary?.difference) {
    return [`${told}: the best of many looks better than it is. New test rows, or mode superior, would tell.`];
  }
  const { confidence } = intervalAfterSpending(primary.difference, judged_before);
  return [
    `${told}, so its interval is one of ${formatConfidence(confidence)}: the best of many looks better than it is.`,
  ];
}
