import { quantileOfSorted } from "../statistics/order-statistics.ts";
import { below, seededRandom } from "../statistics/random.ts";
import { type Cells, everyCellOnce, weightedSum } from "./cells.ts";
import type { Difference } from "./evaluation.ts";
import type { WeightedScore } from "./metrics/metric.ts";

/** Both models' scores as functions of the same weights, and what the gate compares of a score. */
interface Pair {
  candidate: WeightedScore;
  production: WeightedScore;
  judged(value: number): number;
}

/** What an interval is drawn from. */
export interface Draws {
  cells: Cells;
  resamples: Resamples;
  /** At most those that `resamples` has. */
  replicates: number;
  confidence: number;
  /** Whether each resample's difference is measured in its own standard errors: right for few rows, if the score is smooth. */
  studentised: boolean;
}

/** Told of the difference of each resample, NaN where the metric has no value. */
export type DrawnDifferences = (differences: Float64Array) => void;

/**
 * The interval of candidate − production over resamples that give both models the same rows, so that what makes rows hard
 * for both cancels. null when fewer than half of the resamples define the metric.
 *
 * Of few rows it is the symmetric studentised one (Hall, On symmetric bootstrap confidence intervals, JRSS B 1988), with
 * standard errors from the jackknife's influence of each cell: with heavy tails percentile intervals are too short there,
 * and BCa's shorter still. Else it is the percentile interval (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13).
 */
export function pairedInterval(
  pair: Pair,
  draws: Draws,
  tell?: DrawnDifferences,
): Pick<Difference, "low" | "high"> | null {
  const { cells, resamples, replicates, confidence, studentised } = draws;
  const weights = resamples.weights(cells.count);
  const drawn = (replicate: number) => weights.subarray(replicate * cells.count, (replicate + 1) * cells.count);
  const differences = new Float64Array(replicates);
  for (let replicate = 0; replicate < replicates; replicate++)
    differences[replicate] = differenceOf(pair, cells, drawn(replicate));
  tell?.(differences);
  const defined = differences.filter(Number.isFinite).sort();
  if (defined.length * 2 < replicates || defined.length === 0) return null;
  const tail = (1 - confidence) / 2;
  const percentile = { low: quantileOfSorted(defined, tail), high: quantileOfSorted(defined, 1 - tail) };
  return (studentised && studentisedInterval(pair, cells, differences, drawn, confidence)) || percentile;
}

function differenceOf({ candidate, production, judged }: Pair, cells: Cells, weights: Uint16Array): number {
  const rows = weightedSum(cells.sizes, weights);
  return judged(candidate(weights, rows)) - judged(production(weights, rows));
}

/** null when all cells have the same influence, or resamples without spread are too many for a quantile. */
function studentisedInterval(
  pair: Pair,
  cells: Cells,
  differences: Float64Array,
  drawn: (replicate: number) => Uint16Array,
  confidence: number,
): Pick<Difference, "low" | "high"> | null {
  const value = differenceOf(pair, cells, everyCellOnce(cells));
  const influence = jackknifeInfluence(pair, cells);
  const squares = influence.map((each) => each * each);
  const spread = standardError(influence, squares, everyCellOnce(cells));
  if (!(spread > 0)) return null;
  const distances = new Float64Array(differences.length);
  let defined = 0;
  for (let replicate = 0; replicate < differences.length; replicate++) {
    const distance = Math.abs(differences[replicate]! - value);
    if (!Number.isFinite(distance)) continue;
    const own = standardError(influence, squares, drawn(replicate));
    distances[defined++] = distance === 0 ? 0 : distance / own;
  }
  const reach = quantileOfSorted(distances.subarray(0, defined).sort(), confidence) * spread;
  return Number.isFinite(reach) ? { low: value - reach, high: value + reach } : null;
}

/** How much more the difference is with a cell than without it, times the cells: its mean is taken away. */
function jackknifeInfluence(pair: Pair, cells: Cells): Float64Array {
  const weights = everyCellOnce(cells);
  const without = new Float64Array(cells.count);
  for (let cell = 0; cell < cells.count; cell++) {
    weights[cell] = 0;
    without[cell] = differenceOf(pair, cells, weights);
    weights[cell] = 1;
  }
  const mean = without.reduce((sum, each) => sum + each, 0) / cells.count;
  return without.map((each) => (cells.count - 1) * (mean - each));
}

/** Of a mean of influences, when each cell counts as often as its weight says. */
function standardError(influence: Float64Array, squares: Float64Array, weights: Uint16Array): number {
  const count = influence.length;
  const mean = weightedSum(influence, weights) / count;
  return Math.sqrt(Math.max(0, weightedSum(squares, weights) / count - mean * mean) / count);
}

/** How often each cell was drawn, for a number of replicates: the multinomial weights of Efron's bootstrap. */
export interface Resamples {
  replicates: number;
  /** [replicates, cells] row-major; drawn once per number of cells, so that slices of one size share the draws. */
  weights(cells: number): Uint16Array;
}

/** Draws `cells` times from `cells` with replacement, `replicates` times. The same seed gives the same draws. */
export function drawResamples(seed: number, replicates: number): Resamples {
  const drawn = new Map<number, Uint16Array>();
  return {
    replicates,
    weights(cells) {
      const known = drawn.get(cells);
      if (known) return known;
      const weights = draw(seed, replicates, cells);
      drawn.set(cells, weights);
      return weights;
    },
  };
}

function draw(seed: number, replicates: number, cells: number): Uint16Array {
  const random = seededRandom(seed, cells);
  const weights = new Uint16Array(replicates * cells);
  for (let start = 0; start < weights.length; start += cells) {
    for (let draws = 0; draws < cells; draws++) weights[start + below(random, cells)]! += 1;
  }
  return weights;
}
