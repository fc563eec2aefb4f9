import { escapeMarkdown } from "../../errors/inert-markdown.ts";
import { formatCount, formatNumber } from "../../statistics/format-number.ts";
import type { ColumnDrift, DriftResult, ShapeBar } from "../../watch/drift/drift-result.ts";
import { type DriftEntry, type FailedDrift, type ModelDrift, worstDriftFirst } from "../../watch/drift/model-drift.ts";
import { columnTable } from "../column-table.ts";
import { detailsBlock } from "../markdown/fence.ts";
import { chartWithTable, xyChart } from "../markdown/xychart.ts";
import { accuracyWords, driftHeadline, ruleSentence, windowNotes, windowSentence } from "./drift-facts.ts";
import { driftSteps } from "./drift-steps.ts";
import { historyCharts } from "./history-charts.ts";
import { liveLimitLines } from "./live-limits.ts";
import { distanceText, movedWords, percent, significanceText, weightText } from "./moved-words.ts";

/** `title` is plain text, as an issue's title is; `body` is Markdown, and safe whatever the data holds. */
interface DriftReport {
  title: string;
  body: string;
}

interface DriftReportOptions {
  /** UTF-16 units of the body. */
  limit?: number;
  /** Markdown that takes the place of the advice how to retrain, e.g. a link to the pull request that does. */
  retrain?: string;
  /** The report is an issue's text, which a person can close. */
  issue?: boolean;
}

/** GitHub's limit is 65,536 characters of an issue or a comment; others add to the text. */
const defaultLimit = 60_000;

interface Kept {
  columns: number;
  charts: boolean;
  folds: number;
}

/** What is left out first, to stay within the limit: folded parts, charts, then rows of the table. */
const lengths: readonly Kept[] = [
  { columns: 30, charts: true, folds: 2 },
  { columns: 30, charts: true, folds: 1 },
  { columns: 30, charts: true, folds: 0 },
  { columns: 12, charts: false, folds: 0 },
  { columns: 3, charts: false, folds: 0 },
  { columns: 0, charts: false, folds: 0 },
];

/** The check of one model as a person reads it: what moved, how much, since when, whether it costs accuracy, and what to do. */
export function driftReport(drift: ModelDrift, options: DriftReportOptions = {}): DriftReport {
  const { limit = defaultLimit } = options;
  const bodies = lengths.map((kept) => () => bodyOf(drift, kept, options));
  const fitting = bodies.find((body) => body().length <= limit);
  const body = fitting ? fitting() : bodyOf(drift, lengths.at(-1)!, options).slice(0, limit).toWellFormed();
  return { title: driftHeadline(drift), body };
}

/** Reports of a whole run in one text, those first that ask for attention. */
export function driftReports(entries: readonly DriftEntry[]): string {
  if (entries.length === 0) return "Nothing is in production.\n";
  const sections = worstDriftFirst(entries).map((entry) => {
    if (entry.outcome === "error") return failureText(entry);
    const { title, body } = driftReport(entry);
    return `## ${escapeMarkdown(title, 300)}\n\n${body}`;
  });
  return `${sections.join("\n\n")}\n`;
}

function failureText({ model, error }: FailedDrift): string {
  const verb = error.kind === "unwatched" ? "is not watched" : "could not be checked";
  const lines = [error.message, ...(error.kind === "bug" ? [] : (error.hint?.split("\n") ?? []))];
  return [`## ${model} ${verb}`, ...lines.map((line) => escapeMarkdown(line, 600))].join("\n\n");
}

const sentence = (text: string) => escapeMarkdown(text, 300);
const word = (text: string) => escapeMarkdown(text, 40);

function bodyOf(drift: ModelDrift, kept: Kept, options: DriftReportOptions): string {
  const { result } = drift;
  const judged = drift.outcome !== "too few rows" && drift.outcome !== "silent";
  return [
    [windowSentence(drift), accuracyText(drift)].filter(Boolean).join("\n"),
    ...windowNotes(drift, sentence),
    ...limitsText(drift),
    ...(judged ? [columnsText(drift, kept.columns)] : []),
    ...(kept.charts ? historyCharts(drift) : []),
    ...(judged ? columnFolds(drift).slice(0, kept.folds) : []),
    stepsText(drift, options),
    ...(judged ? [`<sub>${ruleSentence(result)}</sub>`] : []),
  ]
    .filter(Boolean)
    .join("\n\n");
}

function accuracyText(drift: ModelDrift): string {
  if (drift.result.rows.current === 0) return "";
  const { cost, lead, rest } = accuracyWords(drift, sentence);
  return cost === true ? `**${lead}**: ${rest}.` : `${lead}: ${rest}.`;
}

function limitsText({ rollback }: ModelDrift): string[] {
  if (rollback === null) return [];
  const strong = (text: string) => `**${text}**`;
  return [
    liveLimitLines(rollback, { safe: (text) => escapeMarkdown(text, 600), strong }).join("\n"),
    ...rollbackStep(rollback),
  ];
}

function rollbackStep({ decision, evidence: { model } }: NonNullable<ModelDrift["rollback"]>): string[] {
  return decision.action === "roll back"
    ? [`To go back to v${decision.to}: \`mergeml rollback ${model} --when-broken\``]
    : [];
}

interface Row {
  column: ColumnDrift;
  isPrediction: boolean;
}

function columnsText({ result }: ModelDrift, most: number): string {
  const rows: Row[] = [
    ...result.predictions.map((column) => ({ column, isPrediction: true })),
    ...result.features.map((column) => ({ column, isPrediction: false })),
  ];
  const shown = rows.slice(0, most);
  const left = rows.slice(most);
  const drifting = left.filter(({ column }) => column.verdict === "drift").length;
  const more = `${formatCount(left.length)} more columns, of which ${formatCount(drifting)} drift.`;
  return [shown.length > 0 ? tableOf(shown) : "", left.length > 0 ? more : ""].filter(Boolean).join("\n\n");
}

function tableOf(rows: readonly Row[]): string {
  return columnTable<Row>(
    [
      { header: "", cell: ({ column }) => (column.verdict === "drift" ? "🔴" : "🟢"), keep: true },
      { header: "column", cell: ({ column }) => escapeMarkdown(column.name, 60), keep: true },
      { header: "weight", align: "right", cell: ({ column, isPrediction }) => weightText(column, isPrediction) },
      { header: "distance (limit)", align: "right", cell: ({ column }) => distanceText(column) },
      { header: "significant", cell: ({ column }) => significanceText(column) },
      { header: "what moved", cell: ({ column }) => movedWords(column, word) },
    ],
    rows,
  );
}

function stepsText(drift: ModelDrift, { retrain, issue }: DriftReportOptions): string {
  const steps = driftSteps(drift, { code: (text) => `\`${text}\``, safe: word, ...(retrain && { retrain }) });
  const expected = issue && drift.outcome === "drift" ? [expectedStep] : [];
  const all = [...steps, ...expected];
  return all.length === 0 ? "" : `**What to do**\n\n${all.map((step, at) => `${at + 1}. ${step}`).join("\n")}`;
}

const expectedStep = "Or close this issue as expected: it reopens only when the drift grows by half.";

const [shownShapes, shownStatistics] = [3, 30];

/** Folded parts: the worst drifting columns then and now, and every statistic. */
function columnFolds({ result, version }: ModelDrift): string[] {
  const columns = [...result.predictions, ...result.features];
  const drifting = columns.filter(({ verdict, shape }) => verdict === "drift" && shape.length > 1);
  const shapes = drifting.slice(0, shownShapes).map((column) => shapeText(column, version));
  return [
    ...(shapes.length > 0 ? [detailsBlock("Then and now: the worst columns", shapes.join("\n\n"))] : []),
    detailsBlock("All statistics", statisticsTable(columns, result)),
  ];
}

function shapeText({ name, shape }: ColumnDrift, version: number): string {
  const chart = xyChart({
    title: `${name}: the window (bars) and the data of v${version} (line), % of the rows`,
    labels: shape.map(({ label }) => label.replace(/^≤ /, "to ").replace(/^> /, "over ")),
    valueAxis: "%",
    series: [
      { kind: "bar", name: "window", values: shape.map(({ current }) => current * 100) },
      { kind: "line", name: `v${version}`, values: shape.map(({ reference }) => reference * 100) },
    ],
  });
  const table = columnTable<ShapeBar>(
    [
      { header: escapeMarkdown(name, 60), cell: ({ label }) => escapeMarkdown(label, 40) || "(blank)", keep: true },
      { header: `v${version}`, align: "right", cell: ({ reference }) => percent(reference) },
      { header: "window", align: "right", cell: ({ current }) => percent(current) },
    ],
    shape,
  );
  return chartWithTable(chart, table);
}

function statisticsTable(columns: readonly ColumnDrift[], { alpha }: DriftResult): string {
  const number = (value: number | undefined | null) => (value == null ? "" : formatNumber(value, 3));
  const table = columnTable<ColumnDrift>(
    [
      { header: "column", cell: ({ name }) => escapeMarkdown(name, 60), keep: true },
      { header: "Wasserstein", align: "right", cell: ({ statistics }) => number(statistics.wasserstein) },
      { header: "KS", align: "right", cell: ({ statistics }) => number(statistics.ks?.statistic) },
      {
        header: "total variation",
        align: "right",
        cell: ({ statistics }) => number(statistics.totalVariation?.corrected),
      },
      { header: "χ²", align: "right", cell: ({ statistics }) => number(statistics.chiSquare?.statistic) },
      { header: "Jensen-Shannon", align: "right", cell: ({ statistics }) => number(statistics.jensenShannon) },
      { header: "PSI", align: "right", cell: ({ statistics }) => number(statistics.psi) },
      { header: "p", align: "right", cell: ({ p }) => number(p) },
      { header: "adjusted p", align: "right", cell: ({ adjusted }) => number(adjusted) },
    ],
    columns.slice(0, shownStatistics),
  );
  const more = columns.length - shownStatistics;
  const first = more > 0 ? ` The first ${shownStatistics} of ${columns.length} columns; \`--json\` has them all.` : "";
  return `${table}\n\nThe adjusted p counts (Benjamini-Hochberg over all columns, against ${alpha}).${first}`;
}
