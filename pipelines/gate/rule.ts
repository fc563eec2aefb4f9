import type { Thresholds } from "../config/model-config.ts";
import type { Evaluation } from "../evaluation/evaluation.ts";
import { formatCount } from "../statistics/format-number.ts";
import type { Verdict } from "./verdict.ts";

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
