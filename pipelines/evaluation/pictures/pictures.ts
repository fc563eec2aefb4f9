import { fallingOrder, type ScoredClassification } from "../scored.ts";
import { calibrationBins, type Sides } from "../sides.ts";

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

interface ClassificationSide {
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

const mostClasses = 20;
const mostCurves = 4;
const curvePoints = 40;

/** What a classification's report draws; null when the candidate could not be scored. */
export function classificationPictures(sides: Sides<ScoredClassification>): ClassificationPictures | null {
  const { candidate, production } = sides;
  if (!("scored" in candidate) || candidate.scored.rows === 0) return null;
  const shown = mostFrequent(candidate.scored, mostClasses);
  const drawn = (scored: ScoredClassification): ClassificationSide => ({
    confusion: confusionOf(scored, shown),
    calibration: calibrationOf(scored),
    curves: curveClasses(candidate.scored).map((at) => curvesOf(scored, at)),
  });
  return {
    classes: shown.map((at) => candidate.scored.classes[at]!),
    candidate: drawn(candidate.scored),
    production: production && "scored" in production ? drawn(production.scored) : null,
  };
}

/** In the order of the classes. */
function mostFrequent({ actual, classes }: ScoredClassification, most: number): number[] {
  const counts = new Float64Array(classes.length);
  for (const each of actual) counts[each]! += 1;
  const all = Array.from(classes, (_, at) => at);
  return all
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
}

function curveClasses(scored: ScoredClassification): number[] {
  return scored.judged === 2 ? [1] : mostFrequent(scored, mostCurves);
}

function confusionOf({ actual, top }: ScoredClassification, shown: readonly number[]): string[] {
  const place = new Map(shown.map((each, at) => [each, at]));
  const cells = shown.map(() => new Float64Array(shown.length));
  for (let row = 0; row < actual.length; row++) {
    const [is, said] = [place.get(actual[row]!), place.get(top[row]!)];
    if (is !== undefined && said !== undefined) cells[is]![said]! += 1;
  }
  return cells.map(seriesOf);
}

/** Ten equal parts of the probability, with the Wilson interval of the share of hits (Wilson, JASA 1927). */
function calibrationOf(scored: ScoredClassification): Calibration {
  const bins = calibrationBins(scored);
  const intervals = bins.map(({ actual, rows }) => wilson(actual, rows));
  return {
    rows: seriesOf(bins.map(({ rows }) => rows)),
    predicted: seriesOf(bins.map(({ predicted }) => predicted)),
    actual: seriesOf(bins.map(({ actual }) => actual)),
    low: seriesOf(intervals.map(([low]) => low)),
    high: seriesOf(intervals.map(([, high]) => high)),
  };
}

const z = 1.959964;

function wilson(share: number, rows: number): [low: number, high: number] {
  const middle = (share + z ** 2 / (2 * rows)) / (1 + z ** 2 / rows);
  const reach = (z / (1 + z ** 2 / rows)) * Math.sqrt((share * (1 - share)) / rows + z ** 2 / (4 * rows ** 2));
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}

/** Rows are taken from the highest probability to the lowest; rows of the same probability come together. */
function curvesOf({ actual, classes, probabilities, rows }: ScoredClassification, of: number): ClassCurves {
  const scores = Float64Array.from({ length: rows }, (_, row) => probabilities[row * classes.length + of]!);
  const order = fallingOrder(scores);
  const positives = actual.reduce((sum, each) => sum + Number(each === of), 0);
  const points: Point[] = [{ taken: 0, hits: 0 }];
  let hits = 0;
  for (let at = 0; at < rows; at++) {
    hits += Number(actual[order[at]!] === of);
    const isLast = at === rows - 1 || scores[order[at + 1]!] !== scores[order[at]!];
    if (isLast) points.push({ taken: at + 1, hits });
  }
  const roc = fewPoints(
    points,
    ({ taken, hits: found }) => (taken - found) / (rows - positives) + found / positives,
    2,
  );
  const found = fewPoints(points.slice(1), ({ hits: each }) => each / positives, 1);
  return {
    class: classes[of]!,
    false_positive: seriesOf(roc.map((each) => (each.taken - each.hits) / (rows - positives))),
    true_positive: seriesOf(roc.map((each) => each.hits / positives)),
    recall: seriesOf(found.map((each) => each.hits / positives)),
    precision: seriesOf(found.map((each) => each.hits / each.taken)),
  };
}

interface Point {
  taken: number;
  hits: number;
}

/** Points evenly spread along the curve, the first and the last among them; `along` grows from 0 to `length`. */
function fewPoints(points: readonly Point[], along: (point: Point) => number, length: number): Point[] {
  if (points.length <= curvePoints) return [...points];
  const kept: Point[] = [points[0]!];
  for (const point of points) if (along(point) >= (kept.length * length) / (curvePoints - 1)) kept.push(point);
  return kept.at(-1) === points.at(-1) ? kept : [...kept, points.at(-1)!];
}
