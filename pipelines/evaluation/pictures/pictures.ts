/**
 * Numbers with a space between them, of four digits. A record is kept forever and written with a line for each item of a list, so
 * that hundreds of numbers are one text.
 */
export type Series = string;

/** An axis cut into equal parts. Values outside of it are counted in its first and last part. */
export interface Axis {
  from: number;
  to: number;
  bins: number;
}

/** What the report draws of one evaluation, in aggregates of bounded size. Both models on the same rows and axes. */
export interface Pictures {
  /** How many resamples had which difference of the primary metric, candidate − production. */
  resampled?: { metric: string; replicates: number; axis: Axis; counts: Series };
  regression?: RegressionPictures;
  classification?: ClassificationPictures;
  /** The target, then the features that matter most to the trainer: train split beside test split. */
  columns?: readonly ColumnShape[];
}

export interface RegressionPictures {
  /** Of predictions and actual values alike. */
  values: Axis;
  /** Of actual − predicted. */
  residuals: Axis;
  candidate: RegressionSide;
  production: RegressionSide | null;
}

export interface RegressionSide {
  /** A series for each part of the actual values, the least first: rows by predicted value. */
  density: readonly Series[];
  /** Rows by residual. */
  residuals: Series;
  /** A series for each part of the residuals, the least first: rows by predicted value. */
  spread: readonly Series[];
  calibration: Calibration;
}

export interface ClassificationPictures {
  /** Those of `confusion`; of very many, the most frequent ones. */
  classes: readonly string[];
  candidate: ClassificationSide;
  production: ClassificationSide | null;
}

export interface ClassificationSide {
  /** A series for each class that rows have, in the order of `classes`: rows by predicted class. */
  confusion: readonly Series[];
  calibration: Calibration;
  /** Of two classes the last, of a few each against the others. */
  curves: readonly ClassCurves[];
}

/** Rows grouped by predicted value or probability: what was predicted, what happened, and its 95% interval. */
export interface Calibration {
  rows: Series;
  predicted: Series;
  actual: Series;
  low: Series;
  high: Series;
}

/** From the highest threshold to the lowest; equal places of the two pairs belong together. */
export interface ClassCurves {
  class: string;
  false_positive: Series;
  true_positive: Series;
  recall: Series;
  precision: Series;
}

/** One column's values in the train split and in the test split, on the same axis or the same categories. */
export interface ColumnShape {
  name: string;
  role: "target" | "feature";
  /** Of numbers. */
  axis?: Axis;
  /** Of categories, the most frequent in the train split; the last count of each side is of all others. */
  labels?: readonly string[];
  train: ColumnSide;
  test: ColumnSide;
}

export interface ColumnSide {
  rows: number;
  missing: number;
  /** Of numbers; null without any. */
  min?: number | null;
  median?: number | null;
  max?: number | null;
  counts: Series;
}

/** Writes a series. What is no finite number is 0. */
export function seriesOf(values: Iterable<number>): Series {
  return Array.from(values, (value) => (Number.isFinite(value) ? shortNumber(value) : 0)).join(" ");
}

/** Reads a series, which may come from a stranger: what is no finite number is left out. */
export function readSeries(series: unknown): number[] {
  if (typeof series !== "string" || series === "") return [];
  return series.split(" ").map(Number).filter(Number.isFinite);
}

/** Four digits, and whole numbers whole. */
function shortNumber(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4));
}

/** The part of the axis that a value lies in. */
export function binOf({ from, to, bins }: Axis, value: number): number {
  const bin = Math.floor(((value - from) / (to - from)) * bins);
  return Math.max(0, Math.min(bins - 1, bin));
}

/** Rows by part of the axis. */
export function rowsByPart(axis: Axis, values: Iterable<number>): Float64Array {
  const counts = new Float64Array(axis.bins);
  for (const value of values) counts[binOf(axis, value)]! += 1;
  return counts;
}

/** An axis over the values but their outermost ones, ascending as they are. It has a width whatever they are. */
export function axisOver(sorted: Float64Array, bins: number, outside = 0): Axis {
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [from, to] = [shortNumber(at(outside)), shortNumber(at(1 - outside))];
  if (to > from) return { from, to, bins };
  const room = Math.abs(from) || 1;
  return { from: shortNumber(from - room / 2), to: shortNumber(from + room / 2), bins };
}
