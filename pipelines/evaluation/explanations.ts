import type { FeatureSpec } from "../data/table.ts";

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
