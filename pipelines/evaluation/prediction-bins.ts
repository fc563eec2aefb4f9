import { formatNumber } from "../statistics/format-number.ts";
import type { PredictionBin } from "./evaluation.ts";
import { fallingOrder } from "./score-order.ts";
import type { ScoredClassification, ScoredRegression } from "./scored.ts";

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
