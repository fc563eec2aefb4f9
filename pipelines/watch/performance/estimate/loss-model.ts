/** A column that the loss is estimated by: bent at some values of a number, or with a level for each of some categories. */
export interface EstimateColumn {
  /** In the window. */
  name: string;
  bends: readonly number[] | readonly string[];
  /** Of a number: what stands for a missing one, and the unit of what follows; 0 and 1 of categories. */
  center: number;
  unit: number;
}

/** What the loss of a version depends on, by its test split: a sum of straight lines, bends and levels. Plain JSON, in the profile. */
export interface LossModel {
  /** The metric that is estimated: the primary one, or the mean loss that is nearest to it. */
  metric: string;
  /** What is averaged, and how the metric comes from the average. */
  loss: Loss;
  /** Of the loss on the test split. */
  mean: number;
  error: number;
  rows: number;
  columns: readonly EstimateColumn[];
  /** The mean of each term on the test split, what a unit of it adds to the loss, and to the variance of a row's loss about it. */
  means: readonly number[];
  effects: readonly number[];
  variances: readonly number[];
  /** That variance on the test split. */
  noise: number;
  /** Covariance of the effects, as vectors whose products with themselves sum up to it. */
  factor: readonly (readonly number[])[];
}

export type Loss = "squared" | "absolute" | "relative" | "log" | "brier" | "wrong";

/** The loss that a metric is the mean of, and that metric; of others the nearest that is one. */
export function lossOfMetric(metric: string, isRegression: boolean): { metric: string; loss: Loss } {
  if (isRegression) {
    if (metric === "mape") return { metric, loss: "relative" };
    return metric === "rmse" || metric === "r2"
      ? { metric: "rmse", loss: "squared" }
      : { metric: "mae", loss: "absolute" };
  }
  if (metric === "accuracy") return { metric, loss: "wrong" };
  return metric === "brier" ? { metric, loss: "brier" } : { metric: "log_loss", loss: "log" };
}

/** The metric of a mean loss. */
export function metricOf(loss: Loss, mean: number): number {
  if (loss === "wrong") return 1 - mean;
  return loss === "squared" ? Math.sqrt(Math.max(0, mean)) : mean;
}
