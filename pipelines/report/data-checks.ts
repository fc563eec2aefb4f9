import type { CheckResult } from "../data/dataset-store.ts";
import { escapeMarkdown } from "../errors/inert-markdown.ts";
import { formatCount } from "../statistics/format-number.ts";
import { columnTable } from "./column-table.ts";

const LISTED_CHECKS = 20;

/** `9 of 9 passed` */
export function checksCount(checks: readonly CheckResult[]): string {
  return `${checks.filter((check) => check.passed).length} of ${checks.length} passed`;
}

/** Blocking checks that failed. */
export function blockingFailures(checks: readonly CheckResult[]): readonly CheckResult[] {
  return checks.filter((check) => !check.passed && check.severity === "block");
}

/** The checks that failed, those that block first, at most 20; empty when all passed. */
export function failedChecksTable(checks: readonly CheckResult[]): string {
  const failed = checks.filter((check) => !check.passed);
  if (failed.length === 0) return "";
  const sorted = [...blockingFailures(failed), ...failed.filter((check) => check.severity === "warn")];
  const table = columnTable(
    [
      { header: "", cell: (check: CheckResult) => (check.severity === "block" ? "❌" : "⚠️"), keep: true },
      { header: "data check", cell: (check) => escapeMarkdown(check.check) },
      { header: "severity", cell: (check) => (check.severity === "block" ? "blocks" : "warns") },
      { header: "found", cell: (check) => escapeMarkdown(check.found, 200) },
      { header: "written in", cell: (check) => escapeMarkdown(check.where ?? "") },
    ],
    sorted.slice(0, LISTED_CHECKS),
  );
  const rest = sorted.length - LISTED_CHECKS;
  return rest > 0 ? `${table}\n\nand ${formatCount(rest)} more` : table;
}
