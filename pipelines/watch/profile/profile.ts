import type { Task } from "../../config/model-config.ts";
import type { FeatureSpec } from "../../data/table.ts";
import type { LossModel } from "../performance/estimate/loss-model.ts";
import type { Distribution } from "./distribution.ts";
import type { ColumnPast, ReferencePast } from "./past/past.ts";
import type { ReferenceTimes } from "./reference-times.ts";

/** A version's reference distributions: all that drift needs to know of the data it was trained and judged on. */
export interface Profile {
  format: 1;
  task: Task;
  /** Empty for a regression. */
  classes: readonly string[];
  target: string;
  /** Of the train split, in the order of the query. Their edges reach from the least value or a little below to the most or above. */
  features: readonly FeatureProfile[];
  /** How many features did not fit into the file, the least important. */
  unwatched: number;
  /** Of the model's predictions on the test split, which it was not trained on: `prediction`, or `label` and `probability_<class>`. */
  predictions: readonly Distribution[];
  /** The target in the train split; class shares are those of a classification. */
  outcome: Distribution;
  /** The primary metric on the test split; null when it had no value. */
  performance: MetricLevel | null;
  /** When the rows of both splits happened; null when that is not known. */
  times: ReferenceTimes | null;
  /** What earlier windows did; profiles of earlier versions of mergeml, and references without times, lack it. */
  past?: ReferencePast;
  /** What the loss depends on, for when there are no labels; profiles of earlier versions of mergeml lack it. */
  estimate?: LossModel;
  /** Of a profile as it is at a time of the year: the predictions of which that is not known, because their test split is no year. */
  unseasoned?: readonly string[];
}

export interface FeatureProfile {
  kind: FeatureSpec["kind"];
  /** Share of the trainer's importance, 0..1; null when it gave none. */
  importance: number | null;
  distribution: Distribution;
  past?: ColumnPast;
}

/** A metric on some rows with its bootstrap interval and standard error. */
export interface MetricLevel {
  metric: string;
  direction: "min" | "max";
  rows: number;
  value: number;
  low: number;
  high: number;
  /** Standard error of the value. */
  error: number;
  /** Of the interval, 0..1. */
  confidence: number;
}
