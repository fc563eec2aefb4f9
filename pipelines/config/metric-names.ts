import type { Task } from "./model-config.ts";

/** The metrics of each task, in the order in which they are reported. */
export const metricNames = {
  regression: ["rmse", "mae", "medae", "r2", "mape", "bias"],
  classification: ["log_loss", "roc_auc", "pr_auc", "accuracy", "f1", "brier", "ece"],
} as const;

/** The name of any metric of any task. */
export type MetricName = (typeof metricNames)[Task][number];

/** Whether smaller or larger is better. `bias` is signed and judged by its absolute value, so smaller is better. */
export const metricDirections: Readonly<Record<MetricName, "min" | "max">> = {
  rmse: "min",
  mae: "min",
  medae: "min",
  r2: "max",
  mape: "min",
  bias: "min",
  log_loss: "min",
  roc_auc: "max",
  pr_auc: "max",
  accuracy: "max",
  f1: "max",
  brier: "min",
  ece: "min",
};

/** What values each metric can have, ends included; `brier` reaches 2 with more than two classes. */
export const metricRanges: Readonly<Record<MetricName, { min?: number; max?: number }>> = {
  rmse: { min: 0 },
  mae: { min: 0 },
  medae: { min: 0 },
  r2: { max: 1 },
  mape: { min: 0 },
  bias: {},
  log_loss: { min: 0 },
  roc_auc: { min: 0, max: 1 },
  pr_auc: { min: 0, max: 1 },
  accuracy: { min: 0, max: 1 },
  f1: { min: 0, max: 1 },
  brier: { min: 0, max: 2 },
  ece: { min: 0, max: 1 },
};

/** The bound that keeps worse values out; null for `bias`, which has a worse side on either hand. */
export function worseSide(metric: MetricName): "min" | "max" | null {
  if (metric === "bias") return null;
  return metricDirections[metric] === "min" ? "max" : "min";
}

/** Every metric of every task, for the schema and for suggestions. */
export const allMetricNames: readonly MetricName[] = [...metricNames.regression, ...metricNames.classification];

/** The task a metric belongs to, or null when there is no such metric. */
export function taskOfMetric(metric: string): Task | null {
  if (metricNames.regression.some((name) => name === metric)) return "regression";
  return metricNames.classification.some((name) => name === metric) ? "classification" : null;
}
