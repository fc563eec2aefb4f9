import { anchorOf, escapeMarkdown } from "../errors/inert-markdown.ts";
import type { MetricComparison } from "../evaluation/evaluation.ts";
import type { JudgedEntry, ReportEntry } from "../handover/training-outcome.ts";
import { formatCount, matchNumbers } from "../statistics/format-number.ts";
import { type Column, columnTable } from "./column-table.ts";
import { intervalHeader, intervalText } from "./comparison-rows.ts";
import { blockingFailures } from "./data-checks.ts";
import { brokenChecks } from "./gate-checks.ts";
import { entryState, markOf, modelOf } from "./report-entry.ts";

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

/** Why a model stands where it stands, in a few words of Markdown, for the summary table. */
function shortReason(entry: ReportEntry): string {
  switch (entry.state) {
    case "judged":
      return judgedReason(entry);
    case "checks-failed":
      return `${blockingFailures(entry.checks).length} of ${entry.checks.length} data checks failed`;
    case "error":
      return `stopped at ${escapeMarkdown(entry.during, 40)}`;
    case "unreached":
      return "its data need a maintainer to run it";
    case "identical":
      return `same model as production v${entry.version}`;
    case "held":
      return entry.rolledBack ? `v${entry.version} was rolled back` : `v${entry.version} already, not in production`;
  }
}

function judgedReason(entry: JudgedEntry): string {
  const { outcome } = entry.verdict;
  if (outcome === "pass") return passReason(entry);
  const broken = brokenChecks(entry.verdict);
  if (outcome === "inconclusive") return "too close to call";
  const first = broken[0] ? failReason(broken[0].id, entry) : "blocked";
  return broken.length > 1 ? `${first}, and ${broken.length - 1} more` : first;
}

function failReason(id: string, { verdict, evaluation }: JudgedEntry): string {
  const [kind, ...rest] = id.split(":");
  const subject = escapeMarkdown(rest.join(":"), 40);
  if (kind === "primary" && verdict.rule === "retrain") return `${noBetter(evaluation)} than production`;
  if (kind === "primary") return "misses its threshold";
  if (kind === "naive") return "no better than naive";
  if (kind === "metric") return `${subject} misses its limit`;
  if (kind === "slice") return subject.includes("=") ? `worse on ${subject}` : `no slice of ${subject} to judge`;
  if (kind === "signature") return "would break its callers";
  if (kind === "data") return "a data check failed";
  if (kind === "evaluation")
    return ["failed", "incomparable"].includes(evaluation.baseline.state)
      ? "production could not be scored"
      : "could not be scored";
  return `${escapeMarkdown(id, 40)} failed`;
}

function noBetter(evaluation: JudgedEntry["evaluation"]): string {
  const primary = evaluation.metrics.find((each) => each.metric === evaluation.primary);
  if (!primary?.difference) return "not better";
  const gain = primary.direction === "min" ? -primary.difference.value : primary.difference.value;
  return gain < 0 ? "worse" : "not better";
}

function passReason({ verdict, evaluation, candidate }: JudgedEntry): string {
  const waived = verdict.checks.some((check) => check.waived) ? ", with a waiver" : "";
  if (evaluation.baseline.state === "incomparable")
    return `meets its threshold, production cannot be compared${waived}`;
  if (verdict.rule === "first_deploy" || evaluation.baseline.state === "none")
    return `first version, meets its threshold${waived}`;
  const better = candidate.config.thresholds.retrain.mode === "non-inferior" ? "not worse" : "better";
  const noise = withinNoise(evaluation) && better === "better" ? ", within noise" : "";
  return `${better} than production v${evaluation.baseline.version}${noise}${waived}`;
}

function withinNoise(evaluation: JudgedEntry["evaluation"]): boolean {
  const difference = evaluation.metrics.find((each) => each.metric === evaluation.primary)?.difference;
  return !!difference && difference.low <= 0 && difference.high >= 0;
}
