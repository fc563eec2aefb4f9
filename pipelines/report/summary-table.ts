import { anchorOf, escapeMarkdown } from "../errors/inert-markdown.ts";
import type { MetricComparison } from "../evaluation/evaluation.ts";
import { formatCount } from "../statistics/format-number.ts";
import { matchNumbers } from "../statistics/matched-numbers.ts";
import { type Column, columnTable } from "./column-table.ts";
import { intervalHeader, intervalText } from "./comparison-rows.ts";
import { entryState, type JudgedEntry, markOf, modelOf, type ReportEntry } from "./report-entry.ts";
import { shortReason } from "./short-reason.ts";

interface SummaryRow {
  entry: ReportEntry;
  linked: boolean;
}

/** One row per model, in the order given. Only the first `linked` have a section to link to. */
export function summaryTable(entries: readonly ReportEntry[], linked: number): string {
  const metrics = new Set(entries.flatMap((entry) => primaryOf(entry)?.metric ?? []));
  const [only] = metrics.size === 1 ? metrics : [];
  const columns: Column<SummaryRow>[] = [
    { header: "", cell: ({ entry }) => markOf(entryState(entry)), keep: true },
    { header: "model", cell: modelCell },
    { header: scoreHeader(entries, only), cell: ({ entry }) => scoreCell(entry, only === undefined) },
    { header: `Δ (${confidenceOf(entries)})`, cell: ({ entry }) => differenceCell(entry) },
    { header: "rows", align: "right", cell: ({ entry }) => rowsCell(entry) },
    { header: "", cell: ({ entry }) => shortReason(entry), keep: true },
  ];
  return columnTable(
    columns,
    entries.map((entry, at) => ({ entry, linked: at < linked })),
  );
}

function primaryOf(entry: ReportEntry): MetricComparison | undefined {
  if (entry.state !== "judged") return undefined;
  return entry.evaluation.metrics.find((each) => each.metric === entry.evaluation.primary);
}

function modelCell({ entry, linked }: SummaryRow): string {
  const name = escapeMarkdown(modelOf(entry), 60);
  return linked ? `[${name}](#user-content-${anchorOf(modelOf(entry))})` : name;
}

function scoreHeader(entries: readonly ReportEntry[], metric: string | undefined): string {
  const compared = entries.some((entry) => primaryOf(entry)?.production != null);
  const name = metric === undefined ? "score" : escapeMarkdown(metric, 40);
  return compared ? `${name}: production → candidate` : name;
}

function scoreCell(entry: ReportEntry, named: boolean): string {
  const primary = primaryOf(entry);
  if (!primary) return "";
  const numbers = matchNumbers([primary.production, primary.candidate], [primary.difference?.value]);
  const candidate = numbers.value(primary.candidate);
  const scores = [numbers.value(primary.production), candidate ? `**${candidate}**` : "not scored"];
  const text = scores.filter(Boolean).join(" → ");
  return named ? `${escapeMarkdown(primary.metric, 40)} ${text}` : text;
}

function differenceCell(entry: ReportEntry): string {
  const primary = primaryOf(entry);
  if (!primary?.difference) return "";
  const numbers = matchNumbers([primary.production, primary.candidate], [primary.difference.value]);
  return `${numbers.signed(primary.difference.value)} (${intervalText(primary.difference, numbers.signed)})`;
}

function confidenceOf(entries: readonly ReportEntry[]): string {
  const judged = entries.filter((entry): entry is JudgedEntry => entry.state === "judged");
  const headers = new Set(
    judged.filter((entry) => primaryOf(entry)?.difference).map(({ evaluation }) => intervalHeader(evaluation)),
  );
  return headers.size === 1 ? [...headers][0]! : "interval";
}

function rowsCell(entry: ReportEntry): string {
  if (entry.state === "judged") return formatCount(entry.evaluation.rows);
  return entry.state === "checks-failed" ? formatCount(entry.rows) : "";
}
