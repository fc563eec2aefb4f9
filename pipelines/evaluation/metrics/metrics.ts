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
import type { Metric } from "./metric.ts";
import { prAuc } from "./pr-auc.ts";
import { r2 } from "./r2.ts";
import { rmse } from "./rmse.ts";
import { rocAuc } from "./roc-auc.ts";

/** Every metric of a regression, in the order of reports. */
export const regressionMetrics: readonly Metric<ScoredRegression>[] = [rmse, mae, medae, r2, mape, bias];

/** Every metric of a classification, in the order of reports. */
export const classificationMetrics: readonly Metric<ScoredClassification>[] = [
  logLoss,
  rocAuc,
  prAuc,
  accuracy,
  f1,
  brier,
  ece,
];

/** What the gate compares of a metric's value: a bias by its size, anything else by the value. */
export function judgedValue(name: string, value: number): number {
  const metric = [...regressionMetrics, ...classificationMetrics].find((each) => each.name === name);
  return metric?.judged?.(value) ?? value;
}
