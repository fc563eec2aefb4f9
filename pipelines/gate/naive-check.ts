import type { Thresholds } from "../config/model-config.ts";
import type { Evaluation, MetricComparison } from "../evaluation/evaluation.ts";
import { judgedValue } from "../evaluation/metrics/metrics.ts";
import { formatApart } from "../statistics/format-number.ts";
import { worsening } from "./differences.ts";
import { comparisonOf } from "./evaluation-check.ts";
import type { GateCheck } from "./verdict.ts";

/** A first deploy without any limit must at least beat a model that learned nothing, or the gate would judge nothing. */
export function checkAgainstNaive(evaluation: Evaluation, primary: string): GateCheck {
  const scores = naiveScores(comparisonOf(evaluation, primary));
  if (!scores) {
    const reason = `${primary} cannot be compared with the naive baseline's: a number is missing.`;
    return { id: "primary", outcome: "fail", limit: "better than naive", found: "missing", reason };
  }
  const { better, found, naive, sign } = scores;
  const ruling = better ? "is better" : "must be better";
  const reason = `${primary} ${found} ${ruling} than the naive baseline's ${naive}, as there is no limit to judge a first deploy by.`;
  return { id: "primary", outcome: better ? "pass" : "fail", limit: `${sign} ${naive}`, found, reason };
}

/**
 * Metrics by which a model that learned nothing is all but perfect: the mean has no bias, and the shares of the classes are
 * calibrated. It is no yardstick there.
 */
const naiveExcels: readonly string[] = ["bias", "ece"];

/** Every candidate must beat a model that learned nothing, whatever its limits are, unless `naive: warn` only tells. */
export function checkNaive(evaluation: Evaluation, { primary, naive: severity }: Thresholds): GateCheck[] {
  if (severity === undefined || naiveExcels.includes(primary)) return [];
  const scores = naiveScores(comparisonOf(evaluation, primary));
  const about = { id: "naive", outcome: severity === "warn" ? ("pass" as const) : ("fail" as const) };
  if (!scores) {
    const reason = `${primary} cannot be compared with the naive baseline's: a number is missing.`;
    return [{ ...about, limit: "better than naive", found: "missing", reason }];
  }
  const { better, found, naive, sign } = scores;
  const limit = `${sign} ${naive}`;
  const subject = `${primary} ${found}`;
  if (better)
    return [
      { ...about, outcome: "pass", limit, found, reason: `${subject} is better than the naive baseline's ${naive}.` },
    ];
  const ruling = severity === "warn" ? "is no better than" : "must be better than";
  const reason = `${subject} ${ruling} the naive baseline's ${naive}: the model learned nothing that helps.`;
  return [{ ...about, limit, found, reason }];
}

/** A model that is no better than the naive baseline, where no check says so. */
export function naiveNotes(evaluation: Evaluation, { primary, naive: severity }: Thresholds): string[] {
  if (severity === "block" || naiveExcels.includes(primary)) return [];
  const scores = naiveScores(comparisonOf(evaluation, primary));
  if (!scores || scores.better) return [];
  return [
    `${primary} ${scores.found} is no better than the naive baseline's ${scores.naive}: the model learned nothing that helps.`,
  ];
}

function naiveScores(comparison: MetricComparison | undefined) {
  if (!comparison || comparison.candidate === null || comparison.naive === null) return null;
  const ours = judgedValue(comparison.metric, comparison.candidate);
  const theirs = judgedValue(comparison.metric, comparison.naive);
  const [found, naive] = formatApart(ours, theirs);
  const better = worsening(ours - theirs, comparison.direction) < 0;
  return { better, found, naive, sign: comparison.direction === "min" ? "<" : ">" };
}
