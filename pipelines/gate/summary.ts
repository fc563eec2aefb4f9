import type { Evaluation } from "../evaluation/evaluation.ts";
import { formatCount } from "../statistics/format-number.ts";
import type { GateCheck, Outcome, Verdict } from "./verdict.ts";

/** The one sentence that decides: what blocks, or why it can ship. */
export function summarize(
  outcome: Outcome,
  rule: Verdict["rule"],
  checks: readonly GateCheck[],
  evaluation: Evaluation,
): string {
  if (outcome === "pass") return `${passSummary(rule, checks, evaluation)}${waivedClause(checks)}.`;
  const against = checks.filter((check) => check.outcome === outcome);
  const label = outcome === "fail" ? "Blocked" : "Inconclusive";
  return `${label}: ${withoutStop(against[0]?.reason ?? "no check passed")}${othersClause(against.length - 1, outcome)}.`;
}

function othersClause(others: number, outcome: Outcome): string {
  if (others <= 0) return "";
  const [one, many] =
    outcome === "fail" ? ["check fails", "checks fail"] : ["check is undecided", "checks are undecided"];
  return `; ${formatCount(others)} more ${others === 1 ? one : many}`;
}

function passSummary(rule: Verdict["rule"], checks: readonly GateCheck[], { rows, baseline }: Evaluation): string {
  const primary = checks.find(({ id }) => id === "primary");
  if (rule === "retrain") return withoutStop(primary?.reason ?? "");
  const state = baseline.state === "incomparable" ? incomparable(baseline) : "No production yet";
  if (primary) return `${state}: ${withoutStop(primary.reason)}`;
  const limits = checks.filter(({ id, waived }) => id.startsWith("metric:") && !waived);
  const held = limits.map(({ id, found, limit }) => `${id.slice("metric:".length)} ${found} (${limit})`).join(", ");
  return `${state}, judged against your business threshold: ${held || "no limit held"} on ${formatCount(rows)} test rows`;
}

function incomparable({ version, reason }: Extract<Evaluation["baseline"], { state: "incomparable" }>): string {
  return `Production v${version} cannot be compared (${withoutStop(reason)}), and allow_breaking accepts that`;
}

function waivedClause(checks: readonly GateCheck[]): string {
  const waived = checks.filter((check) => check.waived).map(({ id }) => id);
  return waived.length === 0 ? "" : `; waived: ${waived.join(", ")}`;
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, "");
}
