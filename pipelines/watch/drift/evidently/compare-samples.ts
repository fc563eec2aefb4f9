import { chiSquareTail } from "../../../statistics/tails/distributions.ts";
import { kolmogorovSmirnov } from "../../../statistics/tails/kolmogorov-smirnov.ts";
import { twoProportions } from "../../../statistics/tails/two-proportions.ts";
import { countBins } from "./bin-counts.ts";
import {
  type BinCounts,
  countRows,
  countValues,
  type NumberSample,
  normalisedWasserstein,
  type Sample,
} from "./sample.ts";
import { evidentlyStability, jensenShannonDistance, totalRows } from "./share-distances.ts";

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
