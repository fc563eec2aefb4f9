import type { RollbackConfig } from "../../config/model-config.ts";
import type { Evidence, Finding } from "./evidence.ts";

/**
 * Evidence that another job collected, held against the config as it is now: conditions that are not asked for say nothing,
 * limits and the least number of rows are those of the config. null when the config asks for nothing.
 */
export function recheckEvidence(evidence: Evidence, config: RollbackConfig | null): Evidence | null {
  if (config === null) return null;
  const findings = evidence.findings.flatMap((each) => recheck(each, config));
  return { ...evidence, least: config.min_rows, findings };
}

function recheck(finding: Finding, { when, min_rows }: RollbackConfig): Finding[] {
  const { condition } = finding;
  const limit = condition === "worse_than_previous" ? null : when[condition];
  const isAsked = condition === "worse_than_previous" ? when.worse_than_previous : limit !== null;
  if (!isAsked) return [];
  if (finding.state !== "measured") return [finding];
  if (finding.rows < min_rows) return [{ condition, state: "too few rows", rows: finding.rows }];
  return [finding.condition === "worse_than_previous" ? finding : { ...finding, limit: limit ?? finding.limit }];
}
