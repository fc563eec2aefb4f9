import type { RollbackConfig } from "../../config/model-config.ts";

/** Conditions of `rollback.when`. */
export const conditions = ["error_rate", "outside_reference", "worse_than_previous"] as const;

export type Condition = (typeof conditions)[number];

/** A share of rows against its limit, both 0..1. */
export interface ShareFinding {
  condition: "error_rate" | "outside_reference";
  state: "measured";
  rows: number;
  share: number;
  limit: number;
}

/** The primary metric of two versions on the same rows. */
export interface ComparisonFinding {
  condition: "worse_than_previous";
  state: "measured";
  /** Labelled rows that both could score. */
  rows: number;
  metric: string;
  direction: "min" | "max";
  /** The version compared with. */
  previous: number;
  values: { current: number; previous: number };
  /** current − previous with its paired bootstrap interval, of what the gate compares of the metric. */
  difference: { value: number; low: number; high: number; confidence: number };
}

export type MeasuredFinding = ShareFinding | ComparisonFinding;

/** What live data says of one condition. Plain JSON. */
export type LiveFinding =
  | MeasuredFinding
  | { condition: Condition; state: "too few rows"; rows: number }
  | { condition: Condition; state: "unknown"; reason: string };

/** What live data says of a promotion: a finding for each condition that the config asks for. Plain JSON. */
export interface Evidence {
  model: string;
  /** In production when it was judged. */
  version: number;
  /** The registry commit that put it there. */
  promotion: string;
  /** From the promotion or the start of the newest window, whichever is later; empty when the window ended before. */
  window: { from: string; to: string };
  /** `rollback.min_rows`. */
  least: number;
  findings: readonly LiveFinding[];
}

/** Whether a finding speaks against the version: beyond the limit, or the whole interval on the bad side of zero. */
export function isBroken(finding: LiveFinding): finding is MeasuredFinding {
  if (finding.state !== "measured") return false;
  if (finding.condition !== "worse_than_previous") return finding.share > finding.limit;
  const { low, high } = finding.difference;
  return finding.direction === "min" ? low > 0 : high < 0;
}

/**
 * Evidence that another job collected, held against the config as it is now: conditions that are not asked for say nothing,
 * limits and the least number of rows are those of the config. null when the config asks for nothing.
 */
export function recheckEvidence(evidence: Evidence, config: RollbackConfig | null): Evidence | null {
  if (config === null) return null;
  const findings = evidence.findings.flatMap((each) => recheck(each, config));
  return { ...evidence, least: config.min_rows, findings };
}

function recheck(finding: LiveFinding, { when, min_rows }: RollbackConfig): LiveFinding[] {
  const { condition } = finding;
  const limit = condition === "worse_than_previous" ? null : when[condition];
  const isAsked = condition === "worse_than_previous" ? when.worse_than_previous : limit !== null;
  if (!isAsked) return [];
  if (finding.state !== "measured") return [finding];
  if (finding.rows < min_rows) return [{ condition, state: "too few rows", rows: finding.rows }];
  return [finding.condition === "worse_than_previous" ? finding : { ...finding, limit: limit ?? finding.limit }];
}
