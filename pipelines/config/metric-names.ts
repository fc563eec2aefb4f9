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

/** Every metric of every task, for the schema and for suggestions. */
export const allMetricNames: readonly MetricName[] = [...metricNames.regression, ...metricNames.classification];

/** The task a metric belongs to, or null when there is no such metric. */
export function taskOfMetric(metric: string): Task | null {
  if (metricNames.regression.some((name) => name === metric)) return "regression";
  return metricNames.classification.some((name) => name === metric) ? "classification" : null;
}
