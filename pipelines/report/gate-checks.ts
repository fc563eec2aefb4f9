import { escapeMarkdown } from "../errors/inert-markdown.ts";
import type { GateCheck, Outcome, Verdict } from "../gate/verdict.ts";

/** The gate's checks of one number: a metric may have both the primary rule and a limit of its own. */
export type CheckIndex = ReadonlyMap<string, readonly GateCheck[]>;

/** The verdict's checks by id, because a report looks up hundreds of slices. */
export function indexChecks(verdict: Verdict): CheckIndex {
  return Map.groupBy(verdict.checks, (check) => check.id);
}

/** The checks on a metric over all rows. */
export function metricChecks(index: CheckIndex, metric: string, primary: string): readonly GateCheck[] {
  return [...((metric === primary && index.get("primary")) || []), ...(index.get(`metric:${metric}`) ?? [])];
}

/** The checks on a metric of one slice. Rules on two metrics share an id, and only their sentences tell them apart. */
export function sliceChecks(
  index: CheckIndex,
  slice: { by: string; value: string; metric: string },
): readonly GateCheck[] {
  const checks = index.get(`slice:${slice.by}=${slice.value}`) ?? [];
  const own = checks.filter((check) => check.reason.includes(` ${slice.metric} `));
  return checks.length > 1 && own.length > 0 ? own : checks;
}

/** The limits of the checks as a table cell, each once. */
export function limitCell(checks: readonly GateCheck[]): string {
  return [...new Set(checks.map((check) => escapeMarkdown(check.limit)))].join(" and ");
}

/** The sign of the worst of the checks; empty without any. */
export function markCell(checks: readonly GateCheck[]): string {
  if (checks.length === 0) return "";
  const outcomes = new Set(checks.map((check) => check.outcome));
  if (outcomes.has("fail")) return "❌";
  if (outcomes.has("inconclusive")) return "⚠️";
  return checks.some((check) => check.waived) ? "✅ waived" : "✅";
}

/** The same in words with a sign, where no emoji can be counted on. */
export function markWords(checks: readonly GateCheck[]): string {
  const signs: Readonly<Record<string, string>> = {
    "❌": "✕ fails",
    "⚠️": "? open",
    "✅": "✓ holds",
    "✅ waived": "✓ waived",
  };
  return signs[markCell(checks)] ?? "";
}

/** Checks that did not pass, failures first. */
export function brokenChecks(verdict: Verdict): GateCheck[] {
  const of = (outcome: Outcome) => verdict.checks.filter((check) => check.outcome === outcome);
  return [...of("fail"), ...of("inconclusive")];
}
