import { type MetricOf, metricDirections, metricNames } from "../../config/metric-names.ts";
import type { ScoredClassification, ScoredRegression } from "../scored.ts";
import { accuracy } from "./accuracy.ts";
import { bias } from "./bias.ts";
import { brier } from "./brier.ts";
import { ece } from "./ece.ts";
import { f1 } from "./f1.ts";
import { logLoss } from "./log-loss.ts";
import { mae } from "./mae.ts";
import { mape } from "./mape.ts";
import { medae } from "./medae.ts";
import type { Formula, Metric } from "./metric.ts";
import { prAuc } from "./pr-auc.ts";
import { r2 } from "./r2.ts";
import { rmse } from "./rmse.ts";
import { rocAuc } from "./roc-auc.ts";

const regression: Readonly<Record<MetricOf<"regression">, Formula<ScoredRegression>>> = {
  rmse,
  mae,
  medae,
  r2,
  mape,
  bias,
};

const classification: Readonly<Record<MetricOf<"classification">, Formula<ScoredClassification>>> = {
  log_loss: logLoss,
  roc_auc: rocAuc,
  pr_auc: prAuc,
  accuracy,
  f1,
  brier,
  ece,
};

/** Every metric of a regression, in the order of reports. */
export const regressionMetrics: readonly Metric<ScoredRegression>[] = metricNames.regression.map((name) => ({
  ...regression[name],
  name,
  direction: metricDirections[name],
}));

/** Every metric of a classification, in the order of reports. */
export const classificationMetrics: readonly Metric<ScoredClassification>[] = metricNames.classification.map(
  (name) => ({ ...classification[name], name, direction: metricDirections[name] }),
);

/** What the gate compares of a metric's value: a bias by its size, anything else by the value. */
export function judgedValue(name: string, value: number): number {
  const metric = [...regressionMetrics, ...classificationMetrics].find((each) => each.name === name);
  return metric?.judged?.(value) ?? value;
}
