import { formatNumber } from "../../statistics/format-number.ts";
import { type CategoryDistribution, type NumericDistribution, presentRows } from "../profile/distribution.ts";
import type { ShapeBar } from "./drift-result.ts";

/** Rows of the two sides in the same cells: categories, buckets or bins. */
interface DriftCells {
  reference: readonly number[];
  current: readonly number[];
}

/**
 * The rows by category: what the reference lists, what of the window it does not list, and the rest. With too many categories
 * to list, by bucket. Every category is a cell of its own whichever side it was seen on, so that pooling the rare ones by the
 * rows of both sides together treats the sides alike.
 */
export function categoryCells(reference: CategoryDistribution, current: CategoryDistribution): DriftCells {
  if (reference.buckets && current.buckets) return { reference: reference.buckets, current: current.buckets };
  const unlisted = current.unlisted.map(({ rows }) => rows);
  const rest = current.other - unlisted.reduce((sum, rows) => sum + rows, 0);
  return {
    reference: [...reference.categories.map(({ rows }) => rows), ...unlisted.map(() => 0), reference.other],
    current: [...current.categories.map(({ rows }) => rows), ...unlisted, rest],
  };
}

/** Rows of either side. */
function totals({ reference, current }: DriftCells): [number, number] {
  const sum = (rows: readonly number[]) => rows.reduce((all, each) => all + each, 0);
  return [sum(reference), sum(current)];
}

const fewest = 5;

/**
 * Puts the cells in which either side would be expected to have fewer than 5 rows into one, as the chi-square test needs
 * (Cochran, 1954). By the rows of both sides together, because choosing by one side would favour it.
 */
export function poolRareCells(cells: DriftCells): DriftCells {
  const [before, now] = totals(cells);
  const least = (fewest * (before + now)) / Math.min(before, now);
  const kept: [number, number][] = [];
  const rare: [number, number] = [0, 0];
  for (const [at, ours] of cells.reference.entries()) {
    const theirs = cells.current[at]!;
    if (ours + theirs >= least) kept.push([ours, theirs]);
    else {
      rare[0] += ours;
      rare[1] += theirs;
    }
  }
  if (rare[0] + rare[1] >= least || kept.length === 0) kept.push(rare);
  else addToSmallest(kept, rare);
  return { reference: kept.map(([ours]) => ours), current: kept.map(([, theirs]) => theirs) };
}

function addToSmallest(kept: [number, number][], [ours, theirs]: [number, number]): void {
  const smallest = kept.reduce((least, cell) => (cell[0] + cell[1] < least[0] + least[1] ? cell : least));
  smallest[0] += ours;
  smallest[1] += theirs;
}

const bins = 10;

/** Both sides in at most ten bins that hold about as many of the reference's rows each, and what lies beyond its edges. */
interface NumberBins {
  cells: DriftCells;
  shape: readonly ShapeBar[];
}

/** Both sides must have values. */
export function numberBins(reference: NumericDistribution, current: NumericDistribution): NumberBins {
  const cuts = cutsOf(reference);
  const cells = { reference: sumUpTo(reference.counts, cuts), current: sumUpTo(current.counts, cuts) };
  const [before, now] = [presentRows(reference), presentRows(current)];
  const labels = cuts.map((at, bin) => label(reference, bin === 0 ? null : cuts[bin - 1]!, at));
  labels.push(`> ${formatNumber(reference.edges.at(-1)!)}`);
  const shape = labels.map((each, bin) => ({
    label: each,
    reference: cells.reference[bin]! / before,
    current: cells.current[bin]! / now,
  }));
  return { cells, shape: shape.filter((bar) => bar.reference > 0 || bar.current > 0) };
}

/** Positions of the edges that end a bin. */
function cutsOf({ edges, counts }: NumericDistribution): number[] {
  if (edges.length <= bins) return edges.map((_, at) => at);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const cuts: number[] = [];
  let sum = 0;
  for (let at = 0; at < edges.length; at++) {
    sum += counts[at]!;
    if (sum * bins >= (cuts.length + 1) * total || at === edges.length - 1) cuts.push(at);
  }
  return cuts;
}

function sumUpTo(counts: readonly number[], cuts: readonly number[]): number[] {
  const ends = [...cuts, counts.length - 1];
  return ends.map((end, bin) =>
    counts.slice(bin === 0 ? 0 : ends[bin - 1]! + 1, end + 1).reduce((sum, count) => sum + count, 0),
  );
}

function label({ edges, equal }: NumericDistribution, from: number | null, to: number): string {
  const end = formatNumber(edges[to]!);
  // A bin between neighbouring values of an exact reference is one value.
  if (equal !== null && (from ?? -1) === to - 1) return end;
  return from === null ? `≤ ${end}` : `${formatNumber(edges[from]!)}–${end}`;
}

/** Share that an empty cell is taken to have, so that the PSI stays finite. */
const emptyShare = 1e-4;

function shares(cells: DriftCells): { reference: number[]; current: number[] } {
  const [before, now] = totals(cells);
  return {
    reference: cells.reference.map((rows) => rows / before),
    current: cells.current.map((rows) => rows / now),
  };
}

/**
 * Half the sum of the absolute differences of shares: the share of rows that would have to move to another cell. `raw` grows
 * with the number of cells by chance alone; `corrected` is less what two samples of these sizes would show on average
 * without drift, each cell's difference being about normal.
 */
export function totalVariation(cells: DriftCells): { raw: number; corrected: number } {
  const { reference, current } = shares(cells);
  const [before, now] = totals(cells);
  let raw = 0;
  let chance = 0;
  for (const [at, ours] of reference.entries()) {
    raw += Math.abs(ours - current[at]!) / 2;
    const share = (cells.reference[at]! + cells.current[at]!) / (before + now);
    chance += Math.sqrt((share * (1 - share) * (1 / before + 1 / now) * 2) / Math.PI) / 2;
  }
  return { raw, corrected: Math.max(0, raw - chance) };
}

/** Square root of the Jensen-Shannon divergence, natural logarithm: 0 for equal shares, √ln 2 for disjoint ones. */
export function jensenShannon(cells: DriftCells): number {
  const { reference, current } = shares(cells);
  const divergence = reference.reduce((sum, p, at) => {
    const q = current[at]!;
    const middle = (p + q) / 2;
    return sum + (towards(p, middle) + towards(q, middle)) / 2;
  }, 0);
  return Math.sqrt(Math.max(0, divergence));
}

function towards(share: number, middle: number): number {
  return share > 0 ? share * Math.log(share / middle) : 0;
}

/** Population stability index: Σ (reference − current) · ln(reference / current). */
export function populationStability(cells: DriftCells): number {
  const { reference, current } = shares(cells);
  return reference.reduce((sum, share, at) => {
    const before = Math.max(share, emptyShare);
    const now = Math.max(current[at]!, emptyShare);
    return sum + (before - now) * Math.log(before / now);
  }, 0);
}

/**
 * Pearson's chi-square for two samples with rare cells pooled; the reference is a sample too. null when everything is in one
 * cell. (Press et al., Numerical Recipes, 14.3, for samples of unequal size.)
 */
export function twoSampleChiSquare(cells: DriftCells): { statistic: number; degrees: number } | null {
  const pooled = poolRareCells(cells);
  const [before, now] = totals(pooled);
  if (before === 0 || now === 0 || pooled.reference.length < 2) return null;
  const [scaleBefore, scaleNow] = [Math.sqrt(now / before), Math.sqrt(before / now)];
  const statistic = pooled.reference.reduce((sum, ours, at) => {
    const theirs = pooled.current[at]!;
    return sum + (ours * scaleBefore - theirs * scaleNow) ** 2 / (ours + theirs);
  }, 0);
  return { statistic, degrees: pooled.reference.length - 1 };
}
