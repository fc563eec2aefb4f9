import type { Task } from "./model-config.ts";

/** What a model can predict. */
export const tasks = ["regression", "classification"] as const;

interface MetricTraits {
  task: Task;
  /** Whether smaller or larger is better. */
  better: "min" | "max";
  /** What values it can have, ends included. */
  range: { min?: number; max?: number };
}

/**
 * Every metric, in the order in which the metrics of a task are reported. What each computes stands in
 * `evaluation/metrics/metrics.ts`, which does not compile while one is missing there.
 */
const metrics = {
  rmse: { task: "regression", better: "min", range: { min: 0 } },
  mae: { task: "regression", better: "min", range: { min: 0 } },
  medae: { task: "regression", better: "min", range: { min: 0 } },
  r2: { task: "regression", better: "max", range: { max: 1 } },
  mape: { task: "regression", better: "min", range: { min: 0 } },
  bias: { task: "regression", better: "min", range: {} }, // signed, and judged by its absolute value
  log_loss: { task: "classification", better: "min", range: { min: 0 } },
  roc_auc: { task: "classification", better: "max", range: { min: 0, max: 1 } },
  pr_auc: { task: "classification", better: "max", range: { min: 0, max: 1 } },
  accuracy: { task: "classification", better: "max", range: { min: 0, max: 1 } },
  f1: { task: "classification", better: "max", range: { min: 0, max: 1 } },
  brier: { task: "classification", better: "min", range: { min: 0, max: 2 } }, // 2 with more than two classes
  ece: { task: "classification", better: "min", range: { min: 0, max: 1 } },
} as const satisfies Readonly<Record<string, MetricTraits>>;

/** The name of any metric of any task. */
export type MetricName = keyof typeof metrics;

/** The names of one task's metrics. */
export type MetricOf<Of extends Task> = {
  [Name in MetricName]: (typeof metrics)[Name]["task"] extends Of ? Name : never;
}[MetricName];

/** Every metric of every task, for the schema and for suggestions. */
export const allMetricNames = Object.keys(metrics) as readonly MetricName[];

const namesOf = <Of extends Task>(task: Of) =>
  allMetricNames.filter((name): name is MetricOf<Of> => metrics[name].task === task);

/** The metrics of each task, in the order in which they are reported. */
export const metricNames = { regression: namesOf("regression"), classification: namesOf("classification") } as const;

const traits = <Trait extends keyof MetricTraits>(trait: Trait) =>
  Object.fromEntries(allMetricNames.map((name) => [name, metrics[name][trait]])) as Readonly<
    Record<MetricName, MetricTraits[Trait]>
  >;

/** Whether smaller or larger is better. */
export const metricDirections = traits("better");

/** What values each metric can have, ends included. */
export const metricRanges = traits("range");

/** The bound that keeps worse values out; null for `bias`, which has a worse side on either hand. */
export function worseSide(metric: MetricName): "min" | "max" | null {
  if (metric === "bias") return null;
  return metricDirections[metric] === "min" ? "max" : "min";
}

/** The task a metric belongs to, or null when there is no such metric. */
export function taskOfMetric(metric: string): Task | null {
  return Object.hasOwn(metrics, metric) ? metrics[metric as MetricName].task : null;
}
