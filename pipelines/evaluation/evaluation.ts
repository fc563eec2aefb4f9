import type { Task } from "../config/model-config.ts";
import type { Duplicates } from "../data/dataset-store.ts";
import type { FeatureSpec } from "../data/table.ts";
import { normalQuantile } from "../statistics/tails/distributions.ts";
import type { Leak } from "./leak.ts";
import type { Pictures } from "./pictures/pictures.ts";

/** How much worse a metric gets on the test rows when a feature's values are shuffled among them, in the metric's unit. */
export interface PermutationImportance {
  feature: string;
  /** Mean over the repeats; negative when shuffling happened to help. */
  worse: number;
  /** Standard deviation over the repeats. */
  sd: number;
}

/** The mean prediction over test rows when a feature is set to each of some values in turn. */
export interface PartialDependence {
  feature: string;
  kind: FeatureSpec["kind"];
  /** What the feature was set to: numbers at quantiles of the test rows, categories at their most frequent levels. */
  labels: readonly string[];
  /** One series of a regression; of a classification the probability of its last class, or of each of a few. */
  series: readonly { name: string; values: readonly number[] }[];
  /** Test rows the mean is over. */
  rows: number;
}

/** What moves the model's predictions, from scoring the file that ships on changed test rows. */
export interface Explanations {
  metric: string;
  /** Test rows that were shuffled, and how often for each feature. */
  rows: number;
  repeats: number;
  /** Largest first. Of a table with very many features, those that matter most to the trainer. */
  importance: readonly PermutationImportance[];
  /** Of the most important features. */
  dependence: readonly PartialDependence[];
  /** The model is so large that fewer rows, repeats or features were taken of those there are; absent where it is not. */
  limited?: { model_bytes: number; test_rows: number; features: number };
}

export type Direction = "min" | "max";

/** A difference candidate − production and its paired bootstrap interval; of a bias, the difference of the sizes, which is what is judged. */
export interface Difference {
  value: number;
  low: number;
  high: number;
  confidence: number;
}

export interface MetricComparison {
  metric: string;
  direction: Direction;
  /** null where the metric is not defined (e.g. roc_auc of one class), with the reason in `problem`. */
  naive: number | null;
  production: number | null;
  candidate: number | null;
  difference: Difference | null;
  problem?: string;
}

export interface SliceComparison {
  by: string;
  value: string;
  metric: string;
  direction: Direction;
  rows: number;
  /** Groups of the slice's rows, which count as one each; absent without `features.split.group`. */
  groups?: number;
  production: number | null;
  candidate: number | null;
  difference: Difference | null;
  problem?: string;
}

/** What production is, for whoever judges it. */
interface BaselineModel {
  version: number;
  model: string;
  features: readonly FeatureSpec[];
  classes: readonly string[];
}

/** How production was scored when the candidate's query no longer gives all it needs: from its own query, joined by key. */
export interface OwnQuery {
  /** The features that the candidate's query does not give. */
  missing: readonly string[];
  key: readonly string[];
  /** Rows of the test split, and those of them that the join found: only on those can both models be judged. */
  test_rows: number;
  joined_rows: number;
}

/** Test rows that equal a row of the train split, and what became of them. */
export interface JudgedDuplicates extends Duplicates {
  /** Copies among the test rows that nobody is judged on. */
  left_out: number;
  /** Why copies are judged all the same, when they are too many to let them pass. */
  kept?: string;
}

/** What was counted as the rows were split, without what became of it. */
export function countedDuplicates({ rows, copies, agreement }: Duplicates): Duplicates {
  return { rows, copies, agreement };
}

/**
 * "Nothing in production", "production does not load" and "the candidate is of another kind, so that there is no row to
 * compare the two on" are different states.
 */
export type Baseline =
  | { state: "none" }
  | (BaselineModel & { state: "scored"; own_query?: OwnQuery })
  | (BaselineModel & { state: "incomparable"; reason: string })
  | { state: "failed"; version: number; model: string; reason: string };

/** Mean prediction and mean outcome of rows grouped by predicted value (deciles) or probability (calibration). */
export interface PredictionBin {
  label: string;
  rows: number;
  predicted: number;
  actual: number;
}

/** Candidate and production on the same test rows, in one pass. */
export interface Evaluation {
  task: Task;
  primary: string;
  /** Judged test rows. */
  rows: number;
  /** Groups of the judged rows, which count as one each; absent without `features.split.group`. */
  groups?: number;
  /** All test rows; absent where nobody looked which of them production was trained on. */
  test_rows?: number;
  /** Test rows that production was trained on, which nobody is judged on; null when it cannot be known, for `overlap_unknown`. */
  seen_by_production?: number | null;
  overlap_unknown?: string;
  /** Test rows that a train row equals; absent where nobody looked. */
  duplicates?: JudgedDuplicates;
  /** Features that are the target in other clothes; absent where nobody looked. */
  leaks?: readonly Leak[];
  test_fingerprint: string;
  /** sha256 of the candidate's model.onnx. */
  model: string;
  features: readonly FeatureSpec[];
  classes: readonly string[];
  baseline: Baseline;
  /** The primary metric first. */
  metrics: readonly MetricComparison[];
  slices: readonly SliceComparison[];
  /** Slices below `min_rows`, which are not judged. */
  small_slices: number;
  /** Other candidates that were judged on this test split before this one was; absent where nobody counted. */
  judged_before?: number;
  /** Of those, the ones that the same pull request tried before, which no run log has: the first eight digits of their ids. */
  tried?: readonly string[];
  /** Deciles of prediction (regression) or of the last class's probability (classification). */
  bins: readonly PredictionBin[];
  /** Of the candidate; absent where the primary metric has no value. Versions of before they were made have none. */
  explanations?: Explanations;
  /** Why there are none although the metric has a value: the machine was too slow. */
  explanations_left_out?: string;
  /** What an HTML report draws. Versions of before they were kept have none. */
  pictures?: Pictures;
}

/**
 * The interval of a difference at another confidence. Both halves grow or shrink as those of a normal distribution, because a
 * bootstrap of a thousand resamples cannot resolve far tails.
 */
export function atConfidence({ value, low, high, confidence: drawn }: Difference, confidence: number): Difference {
  const grown = normalQuantile((1 - confidence) / 2) / normalQuantile((1 - drawn) / 2);
  return { value, low: value - (value - low) * grown, high: value + (high - value) * grown, confidence };
}
