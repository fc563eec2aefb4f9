import type { CategoryColumn, FeatureColumn, NumberColumn, Table } from "../../data/table.ts";
import { formatNumber } from "../../statistics/format-number.ts";
import type { Predictions } from "../../training/trainer.ts";
import type { PartialDependence } from "../explanations.ts";
import type { Predict } from "./explain-model.ts";

const mostPoints = 12;
const mostClasses = 4;

/**
 * Partial dependence (Friedman 2001, section 8.2): the mean prediction over the rows with one feature set to a value, the
 * others as they are. null for a feature with a single value.
 */
export async function partialDependence(
  predict: Predict,
  table: Table,
  feature: string,
): Promise<PartialDependence | null> {
  const at = table.features.findIndex((column) => column.name === feature);
  const column = table.features[at];
  const points = column ? pointsOf(column, table.rows) : [];
  if (points.length < 2) return null;
  const means: number[][] = [];
  let classes: readonly string[] = [];
  for (const { column: fixed } of points) {
    const predictions = await predict(table.features.with(at, fixed));
    classes = predictions.classes;
    means.push(meanScores(predictions));
  }
  const series = shownScores(classes, means[0] ?? []).map(({ name, at: score }) => ({
    name,
    values: means.map((mean) => mean[score]!),
  }));
  return { feature, kind: column!.kind, labels: points.map(({ label }) => label), series, rows: table.rows };
}

interface Point {
  label: string;
  column: FeatureColumn;
}

function pointsOf(column: FeatureColumn, rows: number): Point[] {
  return column.kind === "category" ? levelPoints(column, rows) : numberPoints(column, rows);
}

/** Quantiles, so that most points lie where most rows are; missing values are no point. */
function numberPoints(column: NumberColumn, rows: number): Point[] {
  const sorted = column.values.filter(Number.isFinite).sort();
  const quantile = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const values = Array.from({ length: mostPoints }, (_, i) => quantile(i / (mostPoints - 1)));
  const distinct = sorted.length === 0 ? [] : [...new Set(values)];
  const label = (value: number) => (column.kind === "boolean" ? (value === 1 ? "true" : "false") : formatNumber(value));
  return distinct.map((value) => ({
    label: label(value),
    column: { ...column, values: new Float32Array(rows).fill(value) },
  }));
}

function levelPoints(column: CategoryColumn, rows: number): Point[] {
  const counts = new Map<number, number>();
  for (const code of column.codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  const frequent = [...counts].sort(([a, many], [b, more]) => more - many || a - b).slice(0, mostPoints);
  return frequent.map(([code]) => ({
    label: column.levels[code] || "(missing)",
    column: { ...column, codes: new Int32Array(rows).fill(code) },
  }));
}

function meanScores({ values, rows, classes }: Predictions): number[] {
  const width = Math.max(1, classes.length);
  const sums = new Array<number>(width).fill(0);
  for (const [at, value] of values.entries()) sums[at % width] = sums[at % width]! + value;
  return sums.map((sum) => sum / rows);
}

/** A regression has one score, two classes need one, and of many the most probable few are shown. */
function shownScores(classes: readonly string[], first: readonly number[]): { name: string; at: number }[] {
  if (classes.length === 0) return [{ name: "prediction", at: 0 }];
  if (classes.length === 2) return [{ name: classes[1]!, at: 1 }];
  const order = classes.map((name, at) => ({ name, at })).sort((a, b) => first[b.at]! - first[a.at]! || a.at - b.at);
  return order.slice(0, mostClasses);
}
