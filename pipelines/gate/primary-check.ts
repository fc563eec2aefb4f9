import type { RetrainRule, Thresholds } from "../config/model-config.ts";
import type { Evaluation, MetricComparison } from "../evaluation/evaluation.ts";
import { judgedValue } from "../evaluation/metrics/metrics.ts";
import { formatApart } from "../statistics/format-number.ts";
import { withinNoise, worsening } from "./differences.ts";
import { comparisonOf } from "./evaluation-check.ts";
import {
  beatLimit,
  comparedSentence,
  describeMargin,
  marginSentence,
  noiseNote,
  type PrimaryScores,
  undecidedSentence,
} from "./primary-sentences.ts";
import { intervalAfterSpending, reuseNotes } from "./spent-error.ts";
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
