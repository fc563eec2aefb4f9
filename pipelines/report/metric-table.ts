import type { Evaluation } from "../evaluation/evaluation.ts";
import type { Verdict } from "../gate/verdict.ts";
import { formatCount } from "../statistics/format-number.ts";
import { type Column, columnTable } from "./column-table.ts";
import {
  type ComparisonRow,
  intervalHeader,
  type JudgedSlice,
  metricRow,
  sliceRow,
  slicesWorstFirst,
} from "./comparison-rows.ts";
import { indexChecks } from "./gate-checks.ts";

const BROKEN_SLICES = 5;
const WORST_SLICES = 2;
const LISTED_SLICES = 20;

/** The table a reviewer decides by: the primary metric, the other metrics, and the slices that are worst. */
export function metricTable(evaluation: Evaluation, verdict: Verdict): string {
  const index = indexChecks(verdict);
  const primaryFirst = [...evaluation.metrics].sort(
    (a, b) => Number(b.metric === evaluation.primary) - Number(a.metric === evaluation.primary),
  );
  const slices = headlineSlices(slicesWorstFirst(evaluation.slices, index));
  return columnTable(comparisonColumns(evaluation, "metric", false), [
    ...primaryFirst.map((comparison) => metricRow(comparison, index, evaluation.primary)),
    ...slices.map((slice) => sliceRow(slice, formatCount)),
  ]);
}

/** The slices worst first, at most 20, and what is not shown; null without slices. */
export function sliceTable(evaluation: Evaluation, verdict: Verdict): { title: string; body: string } | null {
  const slices = slicesWorstFirst(evaluation.slices, indexChecks(verdict));
  if (slices.length === 0) return null;
  const shown = slices.slice(0, LISTED_SLICES);
  const rest = [
    slices.length > shown.length ? `${formatCount(slices.length - shown.length)} better ones are not shown.` : "",
    evaluation.small_slices > 0
      ? `${formatCount(evaluation.small_slices)} ${evaluation.small_slices === 1 ? "slice has" : "slices have"} too few rows to be judged.`
      : "",
  ].filter(Boolean);
  const rows = shown.map((slice) => {
    const row = sliceRow(slice, formatCount);
    return { ...row, label: row.label.replace(/^slice /, "") };
  });
  const table = columnTable(comparisonColumns(evaluation, "slice", true), rows);
  const title =
    slices.length > shown.length ? `the worst ${shown.length} of ${formatCount(slices.length)}` : "worst first";
  return { title: `Slices: ${title}`, body: [table, rest.join(" ")].filter(Boolean).join("\n\n") };
}

/** Those that broke a limit, or else the worst few that the gate judged, so that a reviewer sees how close it was. */
function headlineSlices(worstFirst: readonly JudgedSlice[]): readonly JudgedSlice[] {
  const broken = worstFirst.filter(({ checks }) => checks.some((check) => check.outcome !== "pass" || check.waived));
  if (broken.length > 0) return broken.slice(0, BROKEN_SLICES);
  return worstFirst.filter(({ checks }) => checks.length > 0).slice(0, WORST_SLICES);
}

function comparisonColumns(evaluation: Evaluation, first: string, rows: boolean): Column<ComparisonRow>[] {
  const { baseline } = evaluation;
  const production = baseline.state === "none" ? "production" : `production v${baseline.version}`;
  return [
    { header: first, cell: (row) => row.label },
    { header: "rows", align: "right", cell: (row) => (rows ? row.rows : "") },
    { header: "naive", align: "right", cell: (row) => row.naive },
    { header: production, align: "right", cell: (row) => row.production },
    { header: "candidate", align: "right", cell: (row) => row.candidate, keep: true },
    { header: "Δ", align: "right", cell: (row) => row.difference },
    { header: intervalHeader(evaluation), align: "right", cell: (row) => row.interval },
    { header: "limit", align: "right", cell: (row) => row.limit },
    { header: "", cell: (row) => row.mark },
  ];
}
