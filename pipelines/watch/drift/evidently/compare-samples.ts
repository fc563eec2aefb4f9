import { chiSquareTail } from "../../../statistics/tails/distributions.ts";
import { kolmogorovSmirnov } from "../../../statistics/tails/kolmogorov-smirnov.ts";
import { twoProportions } from "../../../statistics/tails/two-proportions.ts";
import {
  type BinCounts,
  countRows,
  countValues,
  type NumberSample,
  normalisedWasserstein,
  type Sample,
} from "./sample.ts";

/** How Evidently judges one column. */
export interface EvidentlyAnswer {
  test: TestName;
  /** A p-value of `ks`, `chi-square` and `z`, else a distance. */
  score: number;
  limit: number;
  drifts: boolean;
  /** The statistic behind a p-value: D, chi-square (infinite when a value is new) or z; the distance itself otherwise. */
  statistic: number;
  /** Of chi-square. */
  degrees?: number;
  jensenShannon: number;
  psi: number;
  /** Of numbers. */
  wasserstein?: number;
}

const alpha = 0.05;
const farthest = 0.1;

/** Compares a column by Evidently's defaults; null when a side has no values, where Evidently refuses to answer. */
export function compareSamples(reference: Sample, current: Sample): EvidentlyAnswer | null {
  const rows = countRows(reference);
  if (rows === 0 || countRows(current) === 0) return null;
  const bins = countBins(reference, current);
  const few = reference.kind === "numeric" ? countValues(reference, current, mostValuesOfCategory) : bins;
  const test = chooseTest(reference.kind, rows, few?.reference.length ?? mostValuesOfCategory + 1);
  const distances = { jensenShannon: jensenShannonDistance(bins), psi: evidentlyStability(bins) };
  if (reference.kind !== "numeric" || current.kind !== "numeric") return { ...judge(test, few!), ...distances };
  const wasserstein = normalisedWasserstein(reference.values, current.values);
  const judged = few ? judge(test, few) : judgeNumbers(test, reference, current, wasserstein);
  return { ...judged, ...distances, wasserstein };
}

type Judged = Pick<EvidentlyAnswer, "test" | "score" | "limit" | "drifts" | "statistic" | "degrees">;

function judgeNumbers(test: TestName, reference: NumberSample, current: NumberSample, wasserstein: number): Judged {
  if (test === "wasserstein") return distance(test, wasserstein);
  const { statistic, p } = kolmogorovSmirnov(reference.values, current.values)!;
  return { test: "ks", score: p, limit: alpha, drifts: p <= alpha, statistic };
}

function judge(test: TestName, counts: BinCounts): Judged {
  if (test === "jensen-shannon") return distance(test, jensenShannonDistance(counts));
  if (test === "chi-square") {
    const { statistic, degrees, p } = expectedChiSquare(counts);
    return { test, score: p, limit: alpha, drifts: p < alpha, statistic, degrees };
  }
  const first = (rows: readonly number[]) => ({ count: rows[0]!, rows: totalRows(rows) });
  const { z, p } = twoProportions(first(counts.reference), first(counts.current))!;
  return { test: "z", score: p, limit: alpha, drifts: p < alpha, statistic: z };
}

function distance(test: TestName, value: number): Judged {
  return { test, score: value, limit: farthest, drifts: value >= farthest, statistic: value };
}

type TestName = "ks" | "wasserstein" | "chi-square" | "z" | "jensen-shannon";

/** A reference of more rows than these is compared by distance, for which significance means little. */
const mostRowsForTest = 1000;

/** With more values than these a number is not a category. */
const mostValuesOfCategory = 5;

/** Which comparison Evidently makes of a column by default. `values` are the distinct ones of both sides together. */
function chooseTest(kind: Sample["kind"], referenceRows: number, values: number): TestName {
  const many = kind === "numeric" && values > mostValuesOfCategory;
  if (referenceRows > mostRowsForTest) return many ? "wasserstein" : "jensen-shannon";
  if (many) return "ks";
  return values > 2 ? "chi-square" : "z";
}

/**
 * Pearson's chi-square of the current counts against the reference's shares, taken as exact. A value that the reference does
 * not have makes the statistic infinite and p 0. Each side has rows, and there are at least two values.
 */
function expectedChiSquare({ reference, current }: BinCounts): {
  statistic: number;
  degrees: number;
  p: number;
} {
  const scale = totalRows(current) / totalRows(reference);
  const statistic = reference.reduce((sum, rows, bin) => {
    const expected = rows * scale;
    return sum + (current[bin]! - expected) ** 2 / expected;
  }, 0);
  const degrees = reference.length - 1;
  return { statistic, degrees, p: chiSquareTail(statistic, degrees) };
}

/** Jensen-Shannon distance, natural logarithm, of the shares of both sides; each side has rows. */
function jensenShannonDistance({ reference, current }: BinCounts): number {
  const [before, now] = [totalRows(reference), totalRows(current)];
  const divergence = reference.reduce((sum, rows, bin) => {
    const [ours, theirs] = [rows / before, current[bin]! / now];
    const middle = (ours + theirs) / 2;
    return sum + relativeEntropy(ours, middle) + relativeEntropy(theirs, middle);
  }, 0);
  return Math.sqrt(Math.max(divergence, 0) / 2);
}

function relativeEntropy(share: number, other: number): number {
  return share === 0 ? 0 : share * Math.log(share / other);
}

/** Population stability index: Σ (r − c) ln(r / c), with a small share where a side has no rows; each side has rows. */
function evidentlyStability({ reference, current }: BinCounts): number {
  const [ours, theirs] = [sharesWithoutZeros(reference), sharesWithoutZeros(current)];
  return ours.reduce((sum, share, bin) => sum + (share - theirs[bin]!) * Math.log(share / theirs[bin]!), 0);
}

const shareOfNothing = 1e-4;

/** Evidently's share of an empty bin: 0.0001, or a millionth of the smallest share when that is no larger. */
function sharesWithoutZeros(rows: readonly number[]): number[] {
  const all = totalRows(rows);
  const fewest = rows.reduce((least, count) => (count > 0 && count < least ? count : least), all);
  const filler = fewest / all <= shareOfNothing ? fewest / all / 1e6 : shareOfNothing;
  return rows.map((count) => (count === 0 ? filler : count / all));
}

/** The rows of all bins together. */
function totalRows(rows: readonly number[]): number {
  return rows.reduce((sum, count) => sum + count, 0);
}

/** A reference with more distinct numbers than these is counted in bins of equal width. */
const mostDistinctNumbers = 20;

/**
 * The rows of both sides in each bin: a bin for every value, or, of a reference with many numbers, Sturges' number of equal
 * widths over the range of both sides together. Both have values.
 */
function countBins(reference: Sample, current: Sample): BinCounts {
  if (reference.kind === "numeric" && current.kind === "numeric" && hasManyValues(reference.values)) {
    const edges = sturgesEdges(reference.values, current.values);
    return { reference: rowsInBins(reference.values, edges), current: rowsInBins(current.values, edges) };
  }
  return countValues(reference, current)!;
}

function hasManyValues(values: Float64Array): boolean {
  let distinct = 0;
  for (let at = 0; at < values.length; at++) {
    if (at === 0 || values[at] !== values[at - 1]) distinct++;
    if (distinct > mostDistinctNumbers) return true;
  }
  return false;
}

function sturgesEdges(reference: Float64Array, current: Float64Array): number[] {
  const bins = Math.ceil(Math.log2(reference.length + current.length) + 1);
  const least = Math.min(reference[0]!, current[0]!);
  const most = Math.max(reference.at(-1)!, current.at(-1)!);
  const width = (most - least) / bins;
  return Array.from({ length: bins + 1 }, (_, at) => (at === bins ? most : least + at * width));
}

/** Bins are closed on the left, the last on both sides. */
function rowsInBins(values: Float64Array, edges: readonly number[]): number[] {
  const starts = edges.map((edge, at) => (at === edges.length - 1 ? values.length : rowsBelow(values, edge)));
  return starts.slice(1).map((end, bin) => end - starts[bin]!);
}

function rowsBelow(values: Float64Array, limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
