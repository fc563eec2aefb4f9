import { oneLine } from "../../errors/inert-markdown.ts";
import type { Evaluation, MetricComparison } from "../../evaluation/evaluation.ts";
import type { GateCheck, Verdict } from "../../gate/verdict.ts";
import { formatCount, type MatchedNumbers, matchNumbers } from "../../statistics/format-number.ts";
import { aimOf, intervalHeader, intervalText, naiveText } from "../comparison-rows.ts";
import { brokenChecks } from "../gate-checks.ts";
import { type TableColumn, textTable } from "./text-table.ts";

const LISTED_CHECKS = 10;

interface ComparisonColumn extends TableColumn {
  cell: (metric: MetricComparison, numbers: MatchedNumbers) => string;
}

/** The candidate beside production and the naive baseline, as a plain table for terminals; empty columns are left out. */
export function renderComparison(evaluation: Evaluation, width?: number): string {
  const columns = comparisonColumns(evaluation);
  const rows = evaluation.metrics.map((metric) => {
    const numbers = matchNumbers([metric.production, metric.candidate], [metric.difference?.value]);
    return columns.map((column) => column.cell(metric, numbers));
  });
  const filled = columns.map((_, at) => rows.some((row) => row[at] !== ""));
  const table = textTable(
    columns.filter((_, at) => filled[at]),
    rows.map((row) => row.filter((_, at) => filled[at])),
    { width },
  );
  return `${table}\n\non ${formatCount(evaluation.rows)} test row${evaluation.rows === 1 ? "" : "s"}`;
}

/** The verdict for a terminal: the outcome and its sentence, the rules that were broken or waived, and the notes. */
export function renderVerdict(verdict: Verdict): string {
  const broken = brokenChecks(verdict);
  const waived = verdict.checks.filter((check) => check.waived);
  const rest = broken.length - LISTED_CHECKS;
  const lines = [
    `${verdict.outcome}: ${oneLine(verdict.summary, 600)}`,
    ...(broken.length > 1 ? broken.slice(0, LISTED_CHECKS).map(brokenLine) : []),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    ...waived.slice(0, LISTED_CHECKS).map(waivedLine),
    ...verdict.notes.map((note) => `  note: ${oneLine(note, 600)}`),
  ];
  return lines.join("\n");
}

function comparisonColumns(evaluation: Evaluation): ComparisonColumn[] {
  const { baseline } = evaluation;
  const production = baseline.state === "none" ? "production" : `production v${baseline.version}`;
  return [
    { header: "metric", cell: (metric) => `${metric.metric} (${aimOf(metric)})` },
    { header: "naive", align: "right", cell: ({ naive }, numbers) => naiveText(naive, numbers) },
    { header: production, align: "right", cell: (metric, numbers) => numbers.value(metric.production) },
    { header: "candidate", align: "right", cell: ({ candidate }, numbers) => numbers.value(candidate) || "not scored" },
    { header: "Δ", align: "right", cell: ({ difference }, numbers) => numbers.signed(difference?.value ?? null) },
    {
      header: intervalHeader(evaluation),
      align: "right",
      cell: ({ difference }, numbers) => (difference ? intervalText(difference, numbers.signed) : ""),
    },
    { header: "", cell: ({ problem }) => problem ?? "" },
  ];
}

function brokenLine(check: GateCheck): string {
  return `  ${check.outcome}: ${oneLine(check.reason, 600)}`;
}

function waivedLine(check: GateCheck): string {
  return `  waived until ${check.waived!.until}: ${oneLine(check.id, 120)}, ${oneLine(check.waived!.reason, 300)}`;
}
