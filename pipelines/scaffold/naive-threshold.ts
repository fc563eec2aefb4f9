import type { Task } from "../config/model-config.ts";

/** The first `thresholds` of a model: the metric that means better, and a limit on it. */
export interface FirstThreshold {
  primary: string;
  metric: string;
  bound: "min" | "max";
  value: number;
  comment: string;
}

/** The metric by which a first model of a task is judged; smaller is better. */
function firstPrimary(task: Task): "rmse" | "log_loss" {
  return task === "regression" ? "rmse" : "log_loss";
}

/**
 * A limit that a model passes only when it learned something: what predicting the mean, or the shares of the classes, scores on
 * the test split. Without that score a limit that does not need it.
 */
export function firstThreshold(task: Task, naive: number | null): FirstThreshold {
  const primary = firstPrimary(task);
  const put = "put your business threshold here";
  if (naive !== null) {
    const value = roundUp(naive);
    return { primary, metric: primary, bound: "max", value, comment: `naive's own score: ${put}` };
  }
  return task === "regression"
    ? { primary, metric: "r2", bound: "min", value: 0, comment: `better than the mean: ${put}, e.g. rmse: { max: 35 }` }
    : { primary, metric: "accuracy", bound: "min", value: 0.5, comment: `${put}, e.g. log_loss: { max: 0.4 }` };
}

/** Four digits, and never below the score: the limit is inclusive. */
function roundUp(value: number): number {
  const rounded = Number(value.toPrecision(4));
  if (rounded >= value) return rounded;
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 3);
  return Number((rounded + unit).toPrecision(4));
}
