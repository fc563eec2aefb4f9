import { escapeMarkdown } from "../errors/inert-markdown.ts";
import type { Evaluation, Explanations, PartialDependence, PermutationImportance } from "../evaluation/evaluation.ts";
import type { CandidateRecord } from "../registry/version-record.ts";
import { formatCount, formatNumber, matchNumbers } from "../statistics/format-number.ts";
import type { Importance } from "../training/trainer.ts";
import { columnTable } from "./column-table.ts";
import { chartWithTable, xyChart } from "./markdown/xychart.ts";
import type { Fold } from "./model-charts.ts";

const TOP_FEATURES = 10;

/**
 * The ten features that matter most: by how much shuffling each makes the primary metric worse, or, where that was not
 * measured, by what the trainer says. null when neither is known.
 */
export function importanceFold({ importance }: CandidateRecord, evaluation: Evaluation): Fold | null {
  const { explanations, explanations_left_out: leftOut } = evaluation;
  if (explanations) return permutationFold(explanations);
  const fold = trainerFold(importance);
  return fold && leftOut
    ? { ...fold, body: `${fold.body}\n\nNot measured on test rows: ${escapeMarkdown(leftOut)}.` }
    : fold;
}

/** ` The model is large (65 MB): 200 of 2,131 test rows and 20 of 100 features were taken.`; empty for a model that is not. */
function sampledSentence({ limited, rows, importance }: Explanations): string {
  if (!limited) return "";
  const { model_bytes, test_rows, features } = limited;
  const size = `${formatNumber(model_bytes / 1e6, 2)} MB`;
  const taken = `${formatCount(rows)} of ${formatCount(test_rows)} test rows and ${formatCount(importance.length)} of ${formatCount(features)} features`;
  return ` The model is large (${size}): ${taken} were taken.`;
}

function permutationFold(explanations: Explanations): Fold | null {
  const { importance, metric, rows, repeats } = explanations;
  const top = importance.slice(0, TOP_FEATURES);
  if (top.length === 0) return null;
  const named = escapeMarkdown(metric, 40);
  const chart = xyChart({
    title: `How much worse ${metric} gets without the feature`,
    labels: top.map(({ feature }) => feature),
    valueAxis: metric,
    series: [{ kind: "bar", name: "worse by", values: top.map(({ worse }) => worse) }],
    horizontal: true,
  });
  const numbers = matchNumbers(top.map(({ worse }) => worse));
  const table = columnTable<PermutationImportance>(
    [
      { header: "feature", cell: ({ feature }) => escapeMarkdown(feature, 60) },
      { header: `${named} worse by`, align: "right", cell: ({ worse }) => numbers.signed(worse) },
      { header: "± sd", align: "right", cell: ({ sd }) => numbers.value(sd) },
    ],
    top,
  );
  const how = `Permutation importance: each feature shuffled ${repeats === 1 ? "once" : `${repeats} times`} among ${formatCount(rows)} test rows, the others left as they are. Features that tell the same share what they know.${sampledSentence(explanations)}`;
  return { title: titleOf(top.length, importance.length), body: [chartWithTable(chart, table), how].join("\n\n") };
}

function trainerFold(importance: readonly Importance[]): Fold | null {
  const sorted = importance.toSorted((a, b) => b.share - a.share);
  const top = sorted.slice(0, TOP_FEATURES);
  if (top.length === 0) return null;
  const chart = xyChart({
    title: "Feature importance (% of all)",
    labels: top.map((each) => each.feature),
    valueAxis: "%",
    series: [{ kind: "bar", name: "importance", values: top.map((each) => each.share * 100) }],
    horizontal: true,
  });
  const percents = matchNumbers([100]);
  const table = columnTable<Importance>(
    [
      { header: "feature", cell: (each) => escapeMarkdown(each.feature, 60) },
      { header: "importance", align: "right", cell: (each) => `${percents.value(each.share * 100)}%` },
    ],
    top,
  );
  return { title: titleOf(top.length, sorted.length), body: chartWithTable(chart, table) };
}

function titleOf(shown: number, all: number): string {
  return all > shown ? `Feature importance: the first ${shown} of ${formatCount(all)}` : "Feature importance";
}

/** How the mean prediction moves with each of the most important features; null when that was not measured. */
export function dependenceFold({ explanations, task }: Evaluation, target: string): Fold | null {
  const dependence = explanations?.dependence ?? [];
  if (dependence.length === 0) return null;
  const axis = task === "regression" ? `mean ${target}` : "mean probability";
  const [first] = dependence;
  const how = `Partial dependence: the mean prediction over ${formatCount(first!.rows)} test rows with the feature set to each value, the others left as they are.`;
  return {
    title: "Partial dependence",
    body: [...dependence.map((each) => dependenceText(each, axis)), how].join("\n\n"),
  };
}

interface Point {
  label: string;
  values: readonly (number | undefined)[];
}

function dependenceText({ feature, kind, labels, series }: PartialDependence, axis: string): string {
  const chart = xyChart({
    title: `${axis} by ${feature}`,
    labels,
    valueAxis: axis,
    // Several bars would hide each other, so that classes are always lines.
    series: series.map(({ name, values }) => ({
      kind: kind === "number" || series.length > 1 ? "line" : "bar",
      name,
      values,
    })),
  });
  const numbers = matchNumbers(series.flatMap(({ values }) => values));
  const points = labels.map((label, at): Point => ({ label, values: series.map(({ values }) => values[at]) }));
  const table = columnTable<Point>(
    [
      { header: escapeMarkdown(feature, 60), cell: ({ label }) => escapeMarkdown(label, 40) },
      ...series.map(({ name }, at) => ({
        header: escapeMarkdown(series.length > 1 || name !== "prediction" ? name : axis, 60),
        align: "right" as const,
        cell: ({ values }: Point) => numbers.value(values[at] ?? null),
      })),
    ],
    points,
  );
  return chartWithTable(chart, table);
}
