import { oneLine } from "../../errors/inert-markdown.ts";
import { formatCount, formatNumber, matchNumbers } from "../../statistics/format-number.ts";
import { sparkBars } from "../../statistics/spark-bars.ts";
import type { ColumnDrift } from "../../watch/drift/drift-result.ts";
import {
  type DriftEntry,
  type DriftPoint,
  type FailedDrift,
  type ModelDrift,
  worstDriftFirst,
} from "../../watch/drift/model-drift.ts";
import { type TableColumn, textTable } from "../terminal/text-table.ts";
import {
  accuracyWords,
  driftHeadline,
  driftSubjects,
  ruleSentence,
  windowNotes,
  windowSentence,
} from "./drift-facts.ts";
import { driftSteps } from "./drift-steps.ts";
import { liveLimitLines } from "./live-limits.ts";
import { distanceText, movedWords, overlapWords, significanceText, spanText, weightText } from "./moved-words.ts";

/** `mergeml drift`: one line a model, worst first, and what failed below. */
export function renderDriftTable(entries: readonly DriftEntry[], width?: number): string {
  const columns: readonly (TableColumn & { cell: (drift: ModelDrift) => string })[] = [
    { header: "model", cell: ({ model, version }) => `${model}@${version}` },
    { header: "drift", cell: outcomeText },
    { header: "together", cell: togetherText },
    { header: "since", cell: ({ since }) => since?.slice(0, 10) ?? "" },
    { header: "window", cell: ({ window }) => spanText(window) },
    { header: "rows", align: "right", cell: ({ result }) => formatCount(result.rows.current) },
    { header: "prediction", align: "right", cell: ({ history: [newest] }) => (newest ? predictionText(newest) : "") },
    { header: "windows", cell: ({ history }) => windowBars(history) },
    { header: "metric (at deploy)", cell: metricText },
  ];
  const rows = worstDriftFirst(entries).map((entry) =>
    entry.outcome === "error"
      ? [entry.model, entry.error.kind === "unwatched" ? "not watched" : "error", ...columns.slice(2).map(() => "–")]
      : columns.map(({ cell }) => cell(entry) || "–"),
  );
  const failures = entries.flatMap((entry) => (entry.outcome === "error" ? [renderDriftFailure(entry)] : []));
  const broken = entries.flatMap((entry) => (entry.outcome === "error" ? [] : brokenText(entry)));
  return [textTable(columns, rows, { width }), ...broken, ...failures].join("\n\n");
}

/** The distance of the predictions over the last windows, oldest first, as bars; empty for fewer than two. */
export function windowBars(history: readonly DriftPoint[]): string {
  const moved = history.flatMap(({ prediction }) => (prediction ? [prediction.distance / prediction.limit] : []));
  return moved.length < 2 ? "" : sparkBars(moved.toReversed().filter(Number.isFinite));
}

/** Whatever drifts, a model that breaks the limits of its config asks for attention. */
function brokenText(drift: ModelDrift): string[] {
  return drift.rollback === null || drift.rollback.decision.action === "nothing"
    ? []
    : limitsText(drift).map((text) => `${drift.model}: ${text}`);
}

function outcomeText(drift: ModelDrift): string {
  if (drift.outcome === "drift") return driftSubjects(drift.result);
  return overlapWords(drift) === null ? drift.outcome : "no new window yet";
}

function togetherText({ persistent, persist }: ModelDrift): string {
  return persistent === "drift" ? `drift, ${persist}` : persistent;
}

function predictionText({ prediction }: DriftPoint): string {
  return prediction ? `${formatNumber(prediction.distance, 2)} (${formatNumber(prediction.limit, 2)})` : "";
}

function metricText({ result: { performance } }: ModelDrift): string {
  if (!performance?.current) return "";
  const { metric, current, reference } = performance;
  return `${metric} ${formatNumber(current.value)} (${formatNumber(reference.value)})`;
}

/** Why a model could not be checked, and below it how to mend that. */
export function renderDriftFailure({ model, error }: FailedDrift): string {
  const named = error.message.startsWith(`${model} `) ? error.message : `${model}: ${error.message}`;
  const lines = (text: string, indent: string) => text.split("\n").map((line) => `${indent}${oneLine(line, 600)}`);
  return [...lines(named, ""), ...(error.hint === null ? [] : lines(error.hint, "  "))].join("\n");
}

/** `mergeml drift <model>`: what moved, how the last windows were, and what to do. */
export function renderDriftDetails(drift: ModelDrift, width?: number): string {
  const plain = (text: string) => oneLine(text, 300);
  const { lead, rest } = accuracyWords(drift, plain);
  const empty = drift.result.rows.current === 0;
  const steps = driftSteps(drift, { code: plain, safe: plain });
  return [
    `${driftHeadline(drift)}.`,
    [windowSentence(drift), ...(empty ? [] : [`${lead}: ${rest}.`]), ...windowNotes(drift, plain)].join("\n"),
    ...limitsText(drift),
    ...(drift.outcome === "too few rows" || drift.outcome === "silent"
      ? []
      : [columnTable(drift, width), ruleSentence(drift.result)]),
    ...(drift.history.length > 1 ? [[historyTable(drift, width), ...historyLines(drift)].join("\n")] : []),
    ...(steps.length > 0 ? [`What to do\n${steps.map((step, at) => `  ${at + 1}. ${step}`).join("\n")}`] : []),
  ].join("\n\n");
}

function limitsText({ rollback }: ModelDrift): string[] {
  if (rollback === null) return [];
  const { decision, evidence } = rollback;
  const lines = liveLimitLines(rollback, { safe: (text) => oneLine(text, 300), strong: (text) => text });
  const step =
    decision.action === "roll back"
      ? [`To go back to v${decision.to}: mergeml rollback ${evidence.model} --when-broken`]
      : [];
  return [[...lines, ...step].join("\n")];
}

const shownColumns = 20;

function columnTable({ result: { predictions, features } }: ModelDrift, width?: number): string {
  const columns: readonly TableColumn[] = [
    { header: "" },
    { header: "column" },
    { header: "weight", align: "right" },
    { header: "distance (limit)", align: "right" },
    { header: "significant" },
    { header: "what moved" },
  ];
  const row = (column: ColumnDrift, isPrediction: boolean) => [
    column.verdict === "drift" ? "!" : "",
    column.name,
    weightText(column, isPrediction),
    distanceText(column),
    significanceText(column),
    movedWords(column, (text) => text),
  ];
  const rows = [...predictions.map((each) => row(each, true)), ...features.map((each) => row(each, false))];
  const more = rows.length - shownColumns;
  const table = textTable(columns, rows.slice(0, shownColumns), { longest: 100, width });
  return more > 0 ? `${table}\n${formatCount(more)} more columns: --json has them all` : table;
}

function historyTable({ history, result }: ModelDrift, width?: number): string {
  const levels = matchNumbers(history.map(({ metric }) => metric?.value));
  const columns: readonly (TableColumn & { cell: (point: DriftPoint) => string })[] = [
    { header: "window", cell: spanText },
    { header: "outcome", cell: ({ outcome }) => outcome },
    { header: "rows", align: "right", cell: ({ rows }) => formatCount(rows) },
    { header: "prediction (limit)", align: "right", cell: predictionText },
    { header: `features (${formatNumber(result.share.limit, 2)})`, align: "right", cell: shareText },
    {
      header: result.performance?.metric ?? "metric",
      align: "right",
      cell: ({ metric }) => levels.value(metric?.value ?? null),
    },
  ];
  return textTable(
    columns,
    history.map((point) => columns.map(({ cell }) => cell(point) || "–")),
    { width },
  );
}

/** How predictions and the metric went over the windows, oldest first; nothing of fewer than two. */
function historyLines({ history }: ModelDrift): string[] {
  const moved = windowBars(history);
  const levels = history.flatMap(({ metric }) => metric?.value ?? []).toReversed();
  const name = history.find(({ metric }) => metric)?.metric?.metric;
  return [
    ...(moved === "" ? [] : [`distance of the predictions over these windows, oldest first: ${moved}`]),
    ...(levels.length < 2 ? [] : [`${name} over these windows, oldest first: ${sparkBars(levels)}`]),
  ];
}

function shareText({ share }: DriftPoint): string {
  return formatNumber(share, 2);
}
