import type { Thresholds } from "../config/model-config.ts";
import type { Evaluation, MetricComparison } from "../evaluation/evaluation.ts";
import { formatCount, formatPercent } from "../statistics/format-number.ts";
import { ruleOf } from "./rule.ts";
import type { GateCheck, VerdictBinding } from "./verdict.ts";

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
