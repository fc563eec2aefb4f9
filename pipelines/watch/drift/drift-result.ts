import { normalTail, studentAsNormal } from "../../statistics/tails/distributions.ts";
import type { Estimate } from "../performance/estimate/estimate-window.ts";
import type { ReferencePast } from "../profile/past/past.ts";
import type { MetricLevel } from "../profile/profile.ts";

/** What a drift check found; `error` is the fourth outcome of a run, and an exception here. */
type DriftOutcome = "clean" | "drift" | "too few rows";

/** A current window against a version's profile. Plain JSON. */
export interface DriftResult {
  method: "calibrated" | "evidently";
  outcome: DriftOutcome;
  /** Why the outcome is drift; empty otherwise. */
  because: readonly ("features" | "prediction" | "performance")[];
  rows: {
    reference: number;
    current: number;
    /** `drift.min_rows`. */
    least: number;
  };
  /** Significance level over all columns together. */
  alpha: number;
  /** Sum of the drifting features' weights, against `drift.share`. */
  share: { drifting: number; limit: number };
  /** Features first by verdict, then by weight. */
  features: readonly ColumnDrift[];
  predictions: readonly ColumnDrift[];
  /** null without labels. */
  performance: PerformanceDrift | null;
  /** What the metric is expected to be without labels; it decides nothing. Absent with labels, and where the profile cannot say. */
  estimate?: Estimate;
  /** What the verdict takes for granted, each a sentence without an end. Results of an earlier mergeml lack it. */
  assumed?: readonly string[];
  /** Columns of the window that the model does not know. */
  added: readonly string[];
  /** How many features the profile has no room for, the least important. */
  unwatched: number;
}

/**
 * `vanished` is a column the window lacks, `type changed` one whose values are of another type: both drift whatever the
 * rows. `not compared` is a column of which one side has no values at all on both windows.
 */
type ColumnState = "compared" | "vanished" | "type changed" | "not compared";

/** An effect and the limit from which it matters. */
export interface Effect {
  name: "wasserstein" | "total variation" | "missing" | "unseen" | "infinite" | "jensen-shannon" | "p-value";
  /** In reference standard deviations, or a share of the rows (0..1). */
  value: number;
  limit: number;
  /** Chance of so large a difference without drift; null where there is no test of its own. */
  p: number | null;
  /** Whether it matters by itself, before the other columns are considered. */
  exceeds: boolean;
}

export interface ColumnDrift {
  name: string;
  kind: "numeric" | "category";
  /** Importance relative to the most important feature's, 0..1; 1 for predictions. */
  weight: number;
  state: ColumnState;
  verdict: "stable" | "drift";
  /** The main one first: the distance of the values, then missing, unseen and infinite values where there are any. */
  effects: readonly Effect[];
  /** Of the smallest p of the column's tests, each corrected for their number; null when nothing could be tested. */
  p: number | null;
  /** `p` after Benjamini-Hochberg over all columns. */
  adjusted: number | null;
  significant: boolean;
  /** Those that the column's kind has. */
  statistics: ColumnStatistics;
  reference: DriftFacts;
  current: DriftFacts | null;
  /** Up to ten bars of both sides, for a chart or a table. */
  shape: readonly ShapeBar[];
  /** Of a column that is a function of the time: of what, and the share of the rows beyond the reference. It never drifts by itself. */
  calendar?: { of: string; outside: number };
  /** What windows of this length did inside the reference; absent where that is not known. */
  past?: { windows: number; largest: number; inSeason: boolean };
}

/** Every statistic that is shown, whether it decides or not. */
export interface ColumnStatistics {
  /** In reference standard deviations. */
  wasserstein?: number;
  ks?: { statistic: number; p: number };
  /** Of Wilcoxon and Mann-Whitney, which sees a shift sooner than KS. */
  rankSum?: { z: number; p: number };
  /** Of the two means. */
  z?: number;
  totalVariation?: { raw: number; corrected: number };
  chiSquare?: { statistic: number; degrees: number; p: number };
  jensenShannon?: number;
  psi?: number;
}

export interface DriftFacts {
  rows: number;
  /** Shares of the rows, 0..1. */
  missing: number;
  infinite: number;
  /** Of numbers. */
  mean: number | null;
  deviation: number | null;
  min: number | null;
  max: number | null;
  /** Categories of the window that the reference does not have, the most frequent, as shares of the rows; empty for the reference. */
  unseen: readonly { value: string; share: number }[];
}

export interface ShapeBar {
  /** `≤ 3.2`, `3.2–8`, a category, or `other`. */
  label: string;
  /** Shares of the rows that have a value, 0..1. */
  reference: number;
  current: number;
}

export interface PerformanceDrift {
  metric: string;
  direction: "min" | "max";
  reference: MetricLevel;
  /** On the rows of the window whose outcome is known; null when it has no value, with the reason in `problem`. */
  current: MetricLevel | null;
  problem?: string;
  /** How much worse, relative to the reference's error; negative when better. */
  worse: number | null;
  limit: number;
  p: number | null;
  adjusted: number | null;
  significant: boolean;
  /** By how much what windows did on the test split widens its standard error; 1 where that is not known. */
  widened?: number;
  /** `too few labels`: less than `drift.label_share` have arrived, so that those that have may be of another kind. */
  verdict: "stable" | "drift" | "too few rows" | "too few labels";
}

/** From which effect on a difference matters. */
export const limits = {
  /** Reference standard deviations. */
  wasserstein: 0.1,
  /** Share of the rows. */
  totalVariation: 0.05,
  /** Change of the share of missing values. */
  missing: 0.05,
  /** Share of rows with categories that the reference does not have, above what chance brings. */
  unseen: 0.05,
  /** Growth of the share of infinite values. */
  infinite: 0.01,
  /** How much worse the primary metric may get, relative to the reference's error. */
  worse: 0.1,
} as const;

/**
 * Over all columns of a model together. A little less than the 5% of false alarms that are allowed, because the chi-square of
 * rare categories and the bootstrap of few outcomes are a little too sure.
 */
export const alpha = 0.045;

/** The primary metric on the rows whose outcome is known, or why it has no value there. */
export type CurrentPerformance = MetricLevel | { problem: string };

/** The part of a PerformanceDrift that is known before the columns are considered. */
export type ComparedPerformance = Omit<PerformanceDrift, "adjusted" | "significant" | "verdict"> & { exceeds: boolean };

/** Stands for how much worse than perfect anything is. */
const most = 1000;

/**
 * The metric against that of the test split. `p` is one-sided: only worse is drift. By the bootstrap's standard errors of
 * both, as the two were measured on different rows.
 */
export function comparePerformance(
  reference: MetricLevel,
  current: CurrentPerformance,
  past?: ReferencePast["performance"],
): ComparedPerformance {
  const { metric, direction } = reference;
  const about = { metric, direction, reference, limit: limits.worse };
  if ("problem" in current)
    return { ...about, current: null, problem: current.problem, worse: null, p: null, exceeds: false };
  const gap = errorOf(current) - errorOf(reference);
  const rows = (reference.rows * current.rows) / (reference.rows + current.rows);
  const noise = 1 + (past ? past.values * rows : 0);
  const error = Math.hypot(reference.error, current.error) * Math.sqrt(noise);
  const worse = gap === 0 ? 0 : Math.min(most, gap / errorOf(reference));
  const p = error > 0 ? normalTail(past ? studentAsNormal(gap / error, past.freedom) : gap / error) : gap > 0 ? 0 : 1;
  return { ...about, current, worse, p, widened: Math.sqrt(noise), exceeds: worse >= limits.worse };
}

/** Distance from the best possible: of a metric to be maximised from 1, else from 0. */
function errorOf({ value, direction }: MetricLevel): number {
  return direction === "max" ? 1 - value : Math.abs(value);
}
