import type { Target } from "../data/table.ts";
import { formatCount, formatNumber } from "../statistics/format-number.ts";
import type { Predictions } from "../training/trainer.ts";
import type { PredictionBin } from "./evaluation.ts";
import {
  fallingOrder,
  type ScoredClassification,
  type ScoredRegression,
  takeClassification,
  takeRegression,
} from "./scored.ts";

/** One model's predictions ready to be scored, or why they cannot be. */
export type Side<Scored> = { scored: Scored } | { problem: string };

/** What is compared: the candidate, production when there is one to score, and the naive baseline, all on the same rows. */
export interface Sides<Scored> {
  rows: number;
  candidate: Side<Scored>;
  production: Side<Scored> | null;
  naive: Scored;
  /** Some of the rows, for a slice. */
  take(scored: Scored, rows: Int32Array): Scored;
}

/** `3 of 10,000 predictions are NaN or infinite`, or null when all are numbers. */
function notFinite(values: ArrayLike<number>, what: string): string | null {
  let bad = 0;
  for (let at = 0; at < values.length; at++) if (!Number.isFinite(values[at])) bad += 1;
  return bad === 0 ? null : `${formatCount(bad)} of ${formatCount(values.length)} ${what} are NaN or infinite`;
}

/** Puts predictions of numbers beside the truth; predictions that cannot be scored become a problem, never a score. */
export function regressionSides(
  actual: Float64Array,
  candidate: Predictions,
  production: Predictions | null,
  mean: number,
): Sides<ScoredRegression> {
  return {
    rows: actual.length,
    candidate: regressionSideOf(actual, candidate),
    production: production && regressionSideOf(actual, production),
    naive: { rows: actual.length, actual, predicted: new Float64Array(actual.length).fill(mean) },
    take: takeRegression,
  };
}

function regressionSideOf(actual: Float64Array, { classes, values }: Predictions): Side<ScoredRegression> {
  if (classes.length > 0) return { problem: "it predicts classes, and the target is a number" };
  if (values.length !== actual.length)
    return { problem: `${values.length} predictions for ${actual.length} test rows` };
  const problem = notFinite(values, "predictions");
  return problem ? { problem } : { scored: { rows: actual.length, actual, predicted: Float64Array.from(values) } };
}

/** float32 softmax outputs miss 1 by about 1e-7 per class; more than this is no probability distribution. */
const tolerance = 1e-3;

interface Truth {
  actual: Int32Array;
  /** The candidate's classes, then those that only test rows have, then those that only production knows. */
  classes: readonly string[];
  judged: number;
}

/**
 * Puts probabilities beside the truth, columns matched by class name: production may know other classes, or another order.
 * A class that a model does not know has probability zero.
 */
export function classificationSides(
  target: Extract<Target, { task: "classification" }>,
  classes: readonly string[],
  candidate: Predictions,
  production: Predictions | null,
  frequencies: readonly number[],
): Sides<ScoredClassification> {
  const judged = [...new Set([...classes, ...target.classes])];
  const all = [...new Set([...judged, ...candidate.classes, ...(production?.classes ?? [])])];
  const codes = target.classes.map((name) => all.indexOf(name));
  const truth = { actual: target.codes.map((code) => codes[code]!), classes: all, judged: judged.length };
  return {
    rows: truth.actual.length,
    candidate: sideOf(truth, candidate),
    production: production && sideOf(truth, production),
    naive: naiveScores(truth, classes, frequencies),
    take: takeClassification,
  };
}

function sideOf(truth: Truth, { classes, values }: Predictions): Side<ScoredClassification> {
  const rows = truth.actual.length;
  if (classes.length === 0) return { problem: "it predicts numbers, and the target is a class" };
  if (values.length !== rows * classes.length) {
    return { problem: `${values.length} probabilities for ${rows} test rows of ${classes.length} classes` };
  }
  const problem = notFinite(values, "probabilities") ?? notProbabilities(values, classes.length);
  return problem ? { problem } : { scored: scoreOf(truth, alignColumns(values, classes, truth.classes)) };
}

function notProbabilities(values: Float32Array, width: number): string | null {
  let bad = 0;
  for (let start = 0; start < values.length; start += width) {
    let sum = 0;
    let outside = false;
    for (let at = start; at < start + width; at++) {
      sum += values[at]!;
      outside ||= values[at]! < -tolerance || values[at]! > 1 + tolerance;
    }
    if (outside || Math.abs(sum - 1) > tolerance) bad += 1;
  }
  if (bad === 0) return null;
  return `the probabilities of ${formatCount(bad)} of ${formatCount(values.length / width)} rows are outside of 0..1 or do not sum to 1`;
}

function alignColumns(values: Float32Array, from: readonly string[], to: readonly string[]): Float64Array {
  const rows = values.length / from.length;
  const aligned = new Float64Array(rows * to.length);
  const column = from.map((name) => to.indexOf(name));
  for (let row = 0; row < rows; row++) {
    for (let each = 0; each < from.length; each++) {
      aligned[row * to.length + column[each]!] = values[row * from.length + each]!;
    }
  }
  return aligned;
}

function scoreOf({ actual, classes, judged }: Truth, probabilities: Float64Array): ScoredClassification {
  const rows = actual.length;
  const width = classes.length;
  const top = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let best = 0;
    for (let each = 1; each < width; each++) {
      if (probabilities[row * width + each]! > probabilities[row * width + best]!) best = each;
    }
    top[row] = best;
  }
  return { rows, actual, classes, judged, probabilities, top };
}

function naiveScores(truth: Truth, classes: readonly string[], frequencies: readonly number[]): ScoredClassification {
  const row = truth.classes.map((name) => frequencies[classes.indexOf(name)] ?? 0);
  const probabilities = new Float64Array(truth.actual.length * row.length);
  for (let start = 0; start < probabilities.length; start += row.length) probabilities.set(row, start);
  return scoreOf(truth, probabilities);
}

const bins = 10;

/** Deciles by predicted value, `1` the lowest: mean prediction and mean target. Equal predictions stay together, so constant predictions fill one bin. */
export function predictionDeciles({ actual, predicted, rows }: ScoredRegression): PredictionBin[] {
  const order = fallingOrder(predicted).reverse();
  const deciles: PredictionBin[] = [];
  let start = 0;
  for (let decile = 1; decile <= bins; decile++) {
    let end = Math.max(start, Math.round((rows * decile) / bins));
    while (end > start && end < rows && predicted[order[end]!] === predicted[order[end - 1]!]) end += 1;
    if (end > start) deciles.push(binOf(String(decile), order.subarray(start, end), predicted, actual));
    start = end;
  }
  return deciles;
}

/**
 * Calibration in ten equal bins of probability: mean probability and share of hits. Two classes: of the last class; more:
 * of the most probable class. Empty bins are left out.
 */
export function calibrationBins(scored: ScoredClassification): PredictionBin[] {
  const { rows, classes, probabilities, actual, top, judged } = scored;
  const shown = (row: number) => (judged === 2 ? 1 : top[row]!);
  const predicted = Float64Array.from({ length: rows }, (_, row) => probabilities[row * classes.length + shown(row)]!);
  const hit = Float64Array.from({ length: rows }, (_, row) => (actual[row] === shown(row) ? 1 : 0));
  const members = Array.from({ length: bins }, (): number[] => []);
  predicted.forEach((probability, row) => {
    members[Math.max(0, Math.min(bins - 1, Math.floor(probability * bins)))]!.push(row);
  });
  return members.flatMap((each, bin) => (each.length === 0 ? [] : [binOf(binLabel(bin), each, predicted, hit)]));
}

function binLabel(bin: number): string {
  return `${formatNumber(bin / bins)}–${formatNumber((bin + 1) / bins)}`;
}

function binOf(label: string, rows: ArrayLike<number>, predicted: Float64Array, actual: Float64Array): PredictionBin {
  let predictions = 0;
  let outcomes = 0;
  for (let at = 0; at < rows.length; at++) {
    predictions += predicted[rows[at]!]!;
    outcomes += actual[rows[at]!]!;
  }
  return { label, rows: rows.length, predicted: predictions / rows.length, actual: outcomes / rows.length };
}
