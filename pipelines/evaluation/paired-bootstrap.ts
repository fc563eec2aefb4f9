import { type Cells, weightedSum } from "./cells.ts";
import type { Difference } from "./evaluation.ts";
import type { WeightedScore } from "./metrics/metric.ts";
import type { Resamples } from "./resamples.ts";

/** Both models' scores as functions of the same weights, and what the gate compares of a score. */
export interface Pair {
  candidate: WeightedScore;
  production: WeightedScore;
  judged(value: number): number;
}

/**
 * The percentile interval of candidate − production over resamples that give both models the same rows, so that what
 * makes rows hard for both cancels (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13).
 * null when fewer than half of the resamples define the metric.
 */
export function pairedInterval(
  pair: Pair,
  cells: Cells,
  resamples: Resamples,
  replicates: number,
  confidence: number,
): Pick<Difference, "low" | "high"> | null {
  const weights = resamples.weights(cells.count);
  const differences = new Float64Array(replicates);
  let defined = 0;
  for (let replicate = 0; replicate < replicates; replicate++) {
    const drawn = weights.subarray(replicate * cells.count, (replicate + 1) * cells.count);
    const rows = weightedSum(cells.sizes, drawn);
    const difference = pair.judged(pair.candidate(drawn, rows)) - pair.judged(pair.production(drawn, rows));
    if (Number.isFinite(difference)) differences[defined++] = difference;
  }
  if (defined * 2 < replicates || defined === 0) return null;
  const sorted = differences.subarray(0, defined).sort();
  const tail = (1 - confidence) / 2;
  return { low: sortedQuantile(sorted, tail), high: sortedQuantile(sorted, 1 - tail) };
}

/** Linear interpolation between order statistics (type 7 of Hyndman & Fan, 1996), as NumPy's default. */
function sortedQuantile(sorted: Float64Array, q: number): number {
  const at = (sorted.length - 1) * q;
  const lower = Math.floor(at);
  const low = sorted[lower]!;
  const high = sorted[Math.min(lower + 1, sorted.length - 1)]!;
  return low + (high - low) * (at - lower);
}
