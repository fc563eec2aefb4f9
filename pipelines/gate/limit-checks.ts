import type { Bounds, Limits, Thresholds } from "../config/model-config.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import { judgedValue } from "../evaluation/metrics/metrics.ts";
import { formatApart, formatCount, formatExact, formatNumber } from "../statistics/format-number.ts";
import { comparisonOf } from "./evaluation-check.ts";
import { ruleOf } from "./rule.ts";
import type { GateCheck } from "./verdict.ts";

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
