import type { CheckResult } from "../data/dataset-store.ts";
import { formatCount } from "../statistics/format-number.ts";
import type { GateCheck } from "./verdict.ts";

/** Each blocking data check that failed; or one line that all passed. Warnings never block. */
export function checkData(results: readonly CheckResult[]): GateCheck[] {
  const blocking = results.filter(({ severity }) => severity === "block");
  const failed = blocking.filter(({ passed }) => !passed);
  if (failed.length > 0) return failed.map(failedCheck);
  if (blocking.length === 0) return [];
  const found = `${formatCount(blocking.length)} of ${formatCount(blocking.length)}`;
  return [{ id: "data", outcome: "pass", limit: "all pass", found, reason: `${found} blocking data checks passed.` }];
}

/** What the checks of severity `warn` found. */
export function dataNotes(results: readonly CheckResult[]): string[] {
  return results
    .filter(({ severity, passed }) => severity === "warn" && !passed)
    .map(({ check, found }) => `Data warning: ${check} does not hold (${found}).`);
}

function failedCheck({ check, found }: CheckResult): GateCheck {
  return {
    id: `data:${check}`,
    outcome: "fail",
    limit: check,
    found,
    reason: `The data check "${check}" failed: ${found}.`,
  };
}
