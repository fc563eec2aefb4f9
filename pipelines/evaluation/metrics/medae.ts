import { nthSmallest } from "../../statistics/order-statistics.ts";
import { type Cells, weightedSum } from "../cells.ts";
import type { ScoredRegression } from "../scored.ts";
import type { Formula } from "./metric.ts";

/**
 * Median absolute error, in the target's unit; scikit-learn's median_absolute_error: the mean of the two middle errors of
 * an even number of rows. A resample moves the median by a few √rows ranks, so only errors near the middle are kept in
 * order; rows below are counted per cell.
 */
export const medae: Formula<ScoredRegression> = {
  visitsRows: false,
  smooth: false,
  prepare({ actual, predicted }, cells) {
    const errors = actual.map((value, row) => Math.abs(predicted[row]! - value));
    const near = middleOf(errors, cells, 3 * Math.sqrt(errors.length) + 32);
    let all: Middle | null = null;
    return (weights, rows) => {
      const found = weightedMedian(near, weights, rows);
      if (found !== null) return found;
      all ??= middleOf(errors, cells, errors.length);
      return weightedMedian(all, weights, rows) ?? Number.NaN;
    };
  },
};

/** Errors of the ranks around the median in order, with their cells, and how many rows of each cell come before them. */
interface Middle {
  errors: Float64Array;
  cellOf: Uint16Array;
  before: Float64Array;
}

function middleOf(errors: Float64Array, cells: Cells, halfWidth: number): Middle {
  const centre = (errors.length - 1) / 2;
  const ranks = errors.slice();
  const low = nthSmallest(ranks, Math.max(0, Math.floor(centre - halfWidth)));
  const high = nthSmallest(ranks, Math.min(errors.length - 1, Math.ceil(centre + halfWidth)));
  const before = new Float64Array(cells.count);
  const rows: number[] = [];
  for (let row = 0; row < errors.length; row++) {
    if (errors[row]! < low) before[cells.of[row]!]! += 1;
    else if (errors[row]! <= high) rows.push(row);
  }
  rows.sort((a, b) => errors[a]! - errors[b]!);
  return {
    errors: Float64Array.from(rows, (row) => errors[row]!),
    cellOf: Uint16Array.from(rows, (row) => cells.of[row]!),
    before,
  };
}

/** null when the median lies outside of the kept ranks. */
function weightedMedian(middle: Middle, weights: Uint16Array, rows: number): number | null {
  let seen = weightedSum(middle.before, weights);
  const lower = Math.floor((rows - 1) / 2);
  const upper = Math.floor(rows / 2);
  if (rows === 0 || seen > lower) return null;
  let lowerError: number | null = null;
  for (let at = 0; at < middle.errors.length; at++) {
    seen += weights[middle.cellOf[at]!]!;
    if (lowerError === null && seen > lower) lowerError = middle.errors[at]!;
    if (lowerError !== null && seen > upper) return (lowerError + middle.errors[at]!) / 2;
  }
  return null;
}
