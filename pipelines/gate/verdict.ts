import type { Thresholds } from "../config/model-config.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import { formatCount } from "../statistics/format-number.ts";

export type Outcome = "pass" | "fail" | "inconclusive";

/** One rule the gate applied. */
export interface GateCheck {
  /** Stable, for waivers: `primary`, `metric:mae`, `slice:origin=ATL`, `signature`, `evaluation`. */
  id: string;
  outcome: Outcome;
  /** E.g. `< 29.61`, `≤ 18`, `≤ +10%`. */
  limit: string;
  found: string;
  /** A full sentence, ready for people. */
  reason: string;
  /** Set when a reviewed waiver turned a failure into a pass. */
  waived?: { until: string; reason: string };
}

/** Everything the verdict holds for. Change one and the verdict no longer applies. */
export interface VerdictBinding {
  definition: string;
  commit: string | null;
  train_fingerprint: string;
  test_fingerprint: string;
  candidate_model: string;
  baseline_version: number | null;
  baseline_model: string | null;
  evaluation: string;
  thresholds: string;
  tool_version: string;
}

export interface Verdict {
  outcome: Outcome;
  rule: "first_deploy" | "retrain";
  /** One sentence that decides: the first thing a reviewer reads. */
  summary: string;
  checks: readonly GateCheck[];
  /** Advice such as "the difference is within noise" or how many rows would settle it. */
  notes: readonly string[];
  /** The UTC day the waivers were judged on, so that recomputing gives the same. */
  judged_on: string;
  binds: VerdictBinding;
}

/**
 * By which thresholds a candidate is judged: against production when there is one. A production that cannot be compared is
 * judged past only with `allow_breaking`; one that failed to load never is.
 */
export function ruleOf({ baseline }: Evaluation, { allow_breaking }: Thresholds): Verdict["rule"] {
  if (baseline.state === "incomparable" && allow_breaking) return "first_deploy";
  return baseline.state === "none" ? "first_deploy" : "retrain";
}

/** How production was scored, when the candidate's query does not give what it needs. */
export function ownQueryNotes({ baseline }: Evaluation): string[] {
  if (baseline.state !== "scored" || !baseline.own_query) return [];
  const { missing, key, test_rows, joined_rows } = baseline.own_query;
  const lost = test_rows - joined_rows;
  const which =
    lost === 0
      ? `all ${formatCount(test_rows)} test rows`
      : `the ${formatCount(joined_rows)} of ${formatCount(test_rows)} test rows whose key it gives once (${formatCount(lost)} left out)`;
  return [
    `Production v${baseline.version} was scored with the rows of its own query, joined by ${key.join(", ")}, because the candidate's query no longer gives ${missing.join(", ")}: both models are compared on ${which}.`,
  ];
}
