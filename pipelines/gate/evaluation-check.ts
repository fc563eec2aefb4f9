import type { Bounds, Limits, Thresholds } from "../config/model-config.ts";
import type { Evaluation, MetricComparison } from "../evaluation/evaluation.ts";
import { judgedValue } from "../evaluation/metrics/metrics.ts";
import { formatApart, formatCount, formatExact, formatNumber, formatPercent } from "../statistics/format-number.ts";
import { type GateCheck, ruleOf, type VerdictBinding } from "./verdict.ts";

/** What the caller knows of the candidate; the verdict adds the hashes of evaluation and thresholds. */
export type KnownBinding = Omit<VerdictBinding, "evaluation" | "thresholds">;

/** The metric's comparison, if it was computed. */
export function comparisonOf(evaluation: Evaluation, metric: string): MetricComparison | undefined {
  return evaluation.metrics.find((each) => each.metric === metric);
}

/**
 * Whether the evaluation holds every number the rules need and belongs to what is being judged. Never waivable: without it
 * the gate would judge nothing.
 */
export function checkEvaluation(
  evaluation: Evaluation,
  thresholds: Thresholds,
  binds: KnownBinding,
  undecided = false,
): GateCheck {
  // Where production was trained on all test rows, the numbers cannot be there; the verdict is inconclusive already.
  const excused = undecided && evaluation.rows === 0 && (evaluation.seen_by_production ?? 0) > 0;
  const problems = [
    ...baselineProblems(evaluation, thresholds),
    ...(excused ? [] : [...rowProblems(evaluation), ...metricProblems(evaluation, thresholds)]),
    ...bindingProblems(evaluation, binds),
  ];
  const limit = "every number present";
  if (problems.length > 0) {
    return { id: "evaluation", outcome: "fail", limit, found: problems.join("; "), reason: `${problems.join(". ")}.` };
  }
  const found = `${evaluation.metrics.length} ${evaluation.metrics.length === 1 ? "metric" : "metrics"} on ${formatCount(evaluation.rows)} test rows`;
  return {
    id: "evaluation",
    outcome: "pass",
    limit,
    found,
    reason: `Everything that is judged was measured: ${found}.`,
  };
}

function baselineProblems({ baseline }: Evaluation, { allow_breaking }: Thresholds): string[] {
  if (baseline.state === "incomparable" && !allow_breaking) {
    const mend = "thresholds.allow_breaking: true judges by first_deploy instead";
    return [`Production v${baseline.version} cannot be compared: ${baseline.reason}; ${mend}`];
  }
  if (baseline.state !== "failed") return [];
  return [
    `Production v${baseline.version} could not be scored (${baseline.reason}), so there is nothing to compare with`,
  ];
}

function rowProblems({ rows }: Evaluation): string[] {
  return rows > 0 ? [] : ["The test set is empty"];
}

function metricProblems(evaluation: Evaluation, thresholds: Thresholds): string[] {
  const { primary, always, first_deploy } = thresholds;
  const first = ruleOf(evaluation, thresholds) === "first_deploy";
  const needed = new Set([primary, ...Object.keys(always), ...(first ? Object.keys(first_deploy) : [])]);
  const problems = [...needed].flatMap((metric) => missingNumber(evaluation, metric, "candidate"));
  if (evaluation.baseline.state === "scored") {
    problems.push(...missingNumber(evaluation, primary, "production"), ...intervalProblems(evaluation, thresholds));
  }
  return [...new Set(problems)];
}

function missingNumber(evaluation: Evaluation, metric: string, side: "candidate" | "production"): string[] {
  const comparison = comparisonOf(evaluation, metric);
  if (!comparison) return [`${metric} was not computed`];
  if (Number.isFinite(comparison[side])) return [];
  return [`The ${side}'s ${metric} is missing (${comparison.problem ?? "it is not a number"})`];
}

function intervalProblems(evaluation: Evaluation, { primary, retrain }: Thresholds): string[] {
  if (retrain.mode === "point") return [];
  const comparison = comparisonOf(evaluation, primary);
  if (!comparison || comparison.candidate === null || comparison.production === null) return [];
  const { difference, problem } = comparison;
  if (!difference || ![difference.value, difference.low, difference.high].every(Number.isFinite)) {
    return [`The interval of ${primary} is missing (${problem ?? "it is not a number"})`];
  }
  if (difference.confidence === retrain.confidence) return [];
  const asked = formatPercent(retrain.confidence);
  return [
    `The interval of ${primary} has ${formatPercent(difference.confidence)} confidence, and the rule asks for ${asked}`,
  ];
}

function bindingProblems({ model, test_fingerprint, baseline }: Evaluation, binds: KnownBinding): string[] {
  const version = baseline.state === "none" ? null : baseline.version;
  const baselineModel = baseline.state === "none" ? null : baseline.model;
  const problems: string[] = [];
  if (binds.candidate_model !== model) problems.push("The evaluation is of another model file");
  if (binds.test_fingerprint !== test_fingerprint) problems.push("The evaluation is on other test rows");
  if (binds.baseline_version !== version || binds.baseline_model !== baselineModel) {
    problems.push("The evaluation compares with another production version");
  }
  return problems;
}

/** The limits that hold whatever is in production, and on a first deploy the business threshold too; the tighter bound when both name a metric. */
export function checkLimits(evaluation: Evaluation, thresholds: Thresholds): GateCheck[] {
  const { always, first_deploy } = thresholds;
  const limits = ruleOf(evaluation, thresholds) === "first_deploy" ? tighter(first_deploy, always) : always;
  return Object.entries(limits).map(([metric, bounds]) => checkLimit(evaluation, metric, bounds));
}

function checkLimit(evaluation: Evaluation, metric: string, bounds: Bounds): GateCheck {
  const id = `metric:${metric}`;
  const limit = describeBounds(bounds);
  const value = comparisonOf(evaluation, metric)?.candidate ?? null;
  if (limit === null) {
    return {
      id,
      outcome: "fail",
      limit: "a number",
      found: "none",
      reason: `The limit on ${metric} has no number to judge by.`,
    };
  }
  if (value === null)
    return {
      id,
      outcome: "fail",
      limit,
      found: "missing",
      reason: `${metric} must be ${inWords(limit)}, and it is missing.`,
    };
  const outcome = withinBounds(metric, value, bounds) ? "pass" : "fail";
  const found = apartFromBounds(value, bounds);
  const on = `on ${formatCount(evaluation.rows)} test rows`;
  return {
    id,
    outcome,
    limit,
    found,
    reason: `${metric} ${found} ${outcome === "pass" ? "is" : "must be"} ${inWords(limit)} ${on}.`,
  };
}

/** Inclusive. `max` bounds the size of a bias, `min` its signed value. */
function withinBounds(metric: string, value: number, { min, max }: Bounds): boolean {
  return (min === undefined || value >= min) && (max === undefined || judgedValue(metric, value) <= max);
}

/** null when there is nothing to judge by. */
function describeBounds({ min, max }: Bounds): string | null {
  const bounds = [min, max].filter((bound) => bound !== undefined);
  if (bounds.length === 0 || !bounds.every(Number.isFinite)) return null;
  const parts = [min === undefined ? [] : `≥ ${formatExact(min)}`, max === undefined ? [] : `≤ ${formatExact(max)}`];
  return parts.flat().join(" and ");
}

function inWords(limit: string): string {
  return limit.replaceAll("≥", "at least").replaceAll("≤", "at most");
}

/** With enough digits not to read as the bound it misses. */
function apartFromBounds(value: number, { min, max }: Bounds): string {
  const texts = [min, max].filter((bound) => bound !== undefined).map((bound) => formatApart(value, bound)[0]);
  return texts.reduce((longest, text) => (text.length > longest.length ? text : longest), formatNumber(value));
}

function tighter(a: Limits, b: Limits): Limits {
  const both: Record<string, Bounds> = { ...a };
  for (const [metric, bounds] of Object.entries(b)) both[metric] = intersect(both[metric] ?? {}, bounds);
  return both;
}

function intersect(a: Bounds, b: Bounds): Bounds {
  const mins = [a.min, b.min].filter((bound) => bound !== undefined);
  const maxes = [a.max, b.max].filter((bound) => bound !== undefined);
  return {
    ...(mins.length > 0 && { min: Math.max(...mins) }),
    ...(maxes.length > 0 && { max: Math.min(...maxes) }),
  };
}
