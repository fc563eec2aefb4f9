import type { CheckResult } from "../../data/dataset-store.ts";
import { checksCount } from "../data-checks.ts";
import { textTable } from "./text-table.ts";

/** The results of the data checks as a plain table for terminals, those that failed first, and a closing count. */
export function renderChecks(checks: readonly CheckResult[], width?: number): string {
  const weight = (check: CheckResult) => (check.passed ? 2 : check.severity === "warn" ? 1 : 0);
  const sorted = checks.toSorted((a, b) => weight(a) - weight(b));
  const placed = checks.some(({ where }) => where !== undefined);
  const table = textTable(
    ["result", "data check", "found", ...(placed ? ["written in"] : [])].map((header) => ({ header })),
    sorted.map((check) => [resultWord(check), check.check, check.found, ...(placed ? [check.where ?? ""] : [])]),
    { width },
  );
  return checks.length > 0 ? `${table}\n\n${checksCount(checks)}` : "no data checks";
}

function resultWord(check: CheckResult): string {
  if (check.passed) return "passed";
  return check.severity === "warn" ? "warning" : "failed";
}
