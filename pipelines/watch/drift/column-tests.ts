import { chiSquareTail, studentP, twoSidedNormalTail } from "../../statistics/tails/distributions.ts";
import { twoProportions } from "../../statistics/tails/two-proportions.ts";
import type { NumericDistribution } from "../profile/distribution.ts";
import type { ColumnPast } from "../profile/past/past.ts";

/** By how much the variance of tests is larger than that of independent rows, at least 1, and how surely that is known. */
export interface Noise {
  values: number;
  shares: number;
  /** Degrees of freedom of the estimate; null where nothing was estimated. */
  freedom: number | null;
}

const independent: Noise = { values: 1, shares: 1, freedom: null };

/** The noise of a comparison of so many rows, by what past windows did and by the groups of rows. */
export function noiseOf(past: ColumnPast | undefined, before: number, now: number): Noise {
  if (!past || before === 0 || now === 0) return independent;
  const { spread, groups } = past;
  if (!spread) return { values: 1 + groups, shares: 1 + groups, freedom: null };
  const rows = (before * now) / (before + now);
  const least = 1 + groups;
  return {
    values: Math.max(least, 1 + spread.values * rows),
    shares: Math.max(least, 1 + spread.shares * rows),
    freedom: spread.freedom,
  };
}

function withFreedom(p: number, { freedom }: Noise): number {
  return freedom === null ? p : studentP(p, freedom);
}

/** Two-sided p of a z of the values. */
export function zTail(z: number, noise: Noise): number {
  return withFreedom(twoSidedNormalTail(z / Math.sqrt(noise.values)), noise);
}

/** p of Kolmogorov and Smirnov's largest difference of so many rows. */
export function stepTail(difference: number, [before, now]: readonly [number, number], noise: Noise): number {
  return withFreedom(differenceTail(difference / Math.sqrt(noise.values), before, now), noise);
}

/** p of a chi-square statistic, corrected as by Rao and Scott (1981). */
export function cellsTail({ statistic, degrees }: { statistic: number; degrees: number }, noise: Noise): number {
  return withFreedom(chiSquareTail(statistic / noise.values, degrees), noise);
}

type Share = Parameters<typeof shareChangeP>[0];

/** Two-sided p of a changed share: Fisher's where rows are independent, else by z and the past. */
export function shareTail(reference: Share, current: Share, noise: Noise): number {
  const exact = shareChangeP(reference, current);
  const z = twoProportions(reference, current)?.z ?? 0;
  const widened = noise.shares > 1 ? Math.max(exact, twoSidedNormalTail(z / Math.sqrt(noise.shares))) : exact;
  return withFreedom(widened, noise);
}

/**
 * z of the Wilcoxon-Mann-Whitney test with the correction for ties (Lehmann, Nonparametrics, 1975, ch. 1): positive when the
 * window's values are the larger ones. Values between two edges count as tied. 0 when all values are equal.
 */
export function rankSumZ(reference: NumericDistribution, current: NumericDistribution): number {
  const groups = tiedGroups(reference, current);
  let [ours, theirs, wins, ties] = [0, 0, 0, 0];
  for (const [before, now] of groups) {
    wins += now * (ours + before / 2);
    ours += before;
    theirs += now;
    const tied = before + now;
    ties += tied ** 3 - tied;
  }
  const all = ours + theirs;
  const variance = ((ours * theirs) / 12) * (all + 1 - ties / (all * (all - 1)));
  return variance > 0 ? (wins - (ours * theirs) / 2) / Math.sqrt(variance) : 0;
}

/** Rows of reference and window in each group of equal values, ascending. */
function tiedGroups(reference: NumericDistribution, current: NumericDistribution): [number, number][] {
  const atoms = reference.equal !== null && current.equal !== null;
  return reference.counts.flatMap((before, at): [number, number][] => {
    const now = current.counts[at]!;
    if (!atoms || at === reference.edges.length) return [[before, now]];
    const [beforeEqual, nowEqual] = [reference.equal![at]!, current.equal![at]!];
    return [
      [before - beforeEqual, now - nowEqual],
      [beforeEqual, nowEqual],
    ];
  });
}

/** How many of so many rows. */
interface Count {
  count: number;
  rows: number;
}

/**
 * Two-sided p of Fisher's exact test that a property is as frequent in both samples: twice the smaller tail of the
 * hypergeometric distribution. Exact, because values that were never missing before are what the normal approximation
 * misjudges most. 1 where a side has no rows.
 */
export function shareChangeP(reference: Count, current: Count): number {
  const rows = reference.rows + current.rows;
  const found = reference.count + current.count;
  if (reference.rows === 0 || current.rows === 0 || found === 0 || found === rows) return 1;
  const least = Math.max(0, found - reference.rows);
  const most = Math.min(found, current.rows);
  const mode = Math.min(most, Math.max(least, Math.floor(((current.rows + 1) * (found + 1)) / (rows + 2))));
  const next = (k: number) => ((found - k) * (current.rows - k)) / ((k + 1) * (reference.rows - found + k + 1));
  const tails = { upTo: 0, from: 0, all: 0 };
  const add = (k: number, weight: number) => {
    tails.all += weight;
    if (k <= current.count) tails.upTo += weight;
    if (k >= current.count) tails.from += weight;
  };
  add(mode, 1);
  // Relative to the most probable count; what is 1e-20 of it no longer matters.
  for (let k = mode, weight = 1; k < most && weight > 1e-20; k++) add(k + 1, (weight *= next(k)));
  for (let k = mode, weight = 1; k > least && weight > 1e-20; k--) add(k - 1, (weight /= next(k - 1)));
  return Math.min(1, (2 * Math.min(tails.upTo, tails.from)) / tails.all);
}

/**
 * The largest difference of the two distribution functions. On the edges of an exact reference it is that of the rows: between
 * two of its values the reference's function is flat and the window's rises, so the largest difference is at an end.
 */
export function largestDifference({ edges, reference, current }: Steps): number {
  let largest = 0;
  for (let at = 0; at < edges.length; at++) {
    const below = Math.abs(reference.below[at]! - current.below[at]!);
    const upTo = Math.abs(reference.upTo[at]! - current.upTo[at]!);
    largest = Math.max(largest, below, upTo);
  }
  return largest;
}

/**
 * Chance of so large a difference without drift: Kolmogorov's limiting distribution with the rows that two samples of these
 * sizes are worth. Of few or tied rows it is too large rather than too small.
 */
export function differenceTail(difference: number, reference: number, current: number): number {
  const scaled = difference * Math.sqrt((reference * current) / (reference + current));
  return kolmogorovTail(scaled);
}

/** 1 − K(x), by the series that converges fast on this side of 1 (Press et al., Numerical Recipes, 6.14). */
function kolmogorovTail(x: number): number {
  if (x < 0.2) return 1;
  if (x < 1.18) {
    const y = Math.exp(-(Math.PI ** 2) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * (y + y ** 9 + y ** 25 + y ** 49);
  }
  const y = Math.exp(-2 * x * x);
  return 2 * (y - y ** 4 + y ** 9);
}

/** Both distribution functions on the same edges: the share of values below each edge, and the share up to and with it. */
interface Steps {
  edges: readonly number[];
  reference: { below: Float64Array; upTo: Float64Array };
  current: { below: Float64Array; upTo: Float64Array };
}

/** The current window must have been counted on the reference's edges, and both sides must have values. */
export function stepsOf(reference: NumericDistribution, current: NumericDistribution): Steps {
  const atoms = reference.equal !== null && current.equal !== null;
  return { edges: reference.edges, reference: climb(reference, atoms), current: climb(current, atoms) };
}

/** Where it is not known how many values equal an edge, none is taken to: both sides are then compared at the edges alone. */
function climb({ edges, counts, equal }: NumericDistribution, atoms: boolean): Steps["reference"] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const below = new Float64Array(edges.length);
  const upTo = new Float64Array(edges.length);
  let sum = 0;
  for (let at = 0; at < edges.length; at++) {
    sum += counts[at]!;
    upTo[at] = sum / total;
    below[at] = (sum - (atoms ? equal![at]! : 0)) / total;
  }
  return { below, upTo };
}

/**
 * The first Wasserstein distance, in the column's own unit: the area between the two distribution functions. Between two
 * edges both are taken to be straight; beyond the outer edges, where the reference has nothing, the sums make it exact.
 */
export function wassersteinDistance({ edges, reference, current }: Steps, window: NumericDistribution): number {
  const values = window.counts.reduce((sum, count) => sum + count, 0);
  let area = (window.below + window.above) / values;
  for (let at = 1; at < edges.length; at++) {
    const left = reference.upTo[at - 1]! - current.upTo[at - 1]!;
    const right = reference.below[at]! - current.below[at]!;
    area += (edges[at]! - edges[at - 1]!) * meanDistance(left, right);
  }
  return area;
}

/** Mean of |d| where d goes straight from `left` to `right`. */
function meanDistance(left: number, right: number): number {
  if (left * right >= 0) return Math.abs(left + right) / 2;
  return (left * left + right * right) / (2 * (Math.abs(left) + Math.abs(right)));
}
