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
