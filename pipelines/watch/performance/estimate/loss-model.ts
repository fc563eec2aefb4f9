import type { Session } from "../../../data/engines/session.ts";
import { quoteName, quoteText } from "../../../data/engines/tables.ts";
import { finiteNumber, presentText } from "../../profile/count-columns.ts";

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

/** SQL for the terms of a column: whether it is missing, and the number and how far it is beyond each bend, or which category it is. */
export function termsOf({ bends, center, unit }: Omit<EstimateColumn, "name">, column: string): string[] {
  const name = quoteName(column);
  if (typeof bends[0] === "string") {
    const value = presentText(name);
    return bends.map((each) => `CASE WHEN ${value} = ${quoteText(String(each))} THEN 1.0 ELSE 0.0 END`);
  }
  const value = finiteNumber(name);
  const number = `(coalesce(${value}, CAST('${center}' AS DOUBLE)) - CAST('${center}' AS DOUBLE)) / CAST('${unit}' AS DOUBLE)`;
  const beyond = (bends as readonly number[]).map(
    (bend) => `greatest(${number} - CAST('${(bend - center) / unit}' AS DOUBLE), 0)`,
  );
  return [`CASE WHEN ${value} IS NULL THEN 1.0 ELSE 0.0 END`, number, ...beyond];
}

/** SQL for a row's loss. `predicted` are the prediction, or the label and a probability for each class. */
export function lossSql(
  loss: Loss,
  { target, classes, predicted }: { target: string; classes: readonly string[]; predicted: readonly string[] },
): string {
  const [first, ...probabilities] = predicted.map(quoteName);
  const truth = quoteName(target);
  const error = `(CAST(${first} AS DOUBLE) - CAST(${truth} AS DOUBLE))`;
  const actual = `CAST(${truth} AS VARCHAR)`;
  const cases = classes.map((name, at) => `WHEN ${quoteText(name)} THEN CAST(${probabilities[at]} AS DOUBLE)`);
  const own = `CASE ${actual} ${cases.join(" ")} ELSE 0.0 END`;
  const squares = probabilities.map(
    (probability, at) =>
      `power(CAST(${probability} AS DOUBLE) - CASE WHEN ${actual} = ${quoteText(classes[at]!)} THEN 1 ELSE 0 END, 2)`,
  );
  return {
    squared: `${error} * ${error}`,
    absolute: `abs(${error})`,
    relative: `CASE WHEN CAST(${truth} AS DOUBLE) <> 0 THEN abs(${error} / CAST(${truth} AS DOUBLE)) END`,
    log: `-ln(greatest(${own}, 1e-15))`,
    brier: classes.length === 2 ? `(${squares.join(" + ")}) / 2` : squares.join(" + ") || "0",
    wrong: `CASE WHEN ${actual} = CAST(${first} AS VARCHAR) THEN 0.0 ELSE 1.0 END`,
  }[loss];
}

/** A metric that was not measured. Plain JSON. */
export interface EstimatedMetric {
  metric: string;
  value: number;
  low: number;
  high: number;
  /** Of the interval, 0..1. */
  confidence: number;
  rows: number;
  /** On the test split. */
  reference: number;
}

const confidence = 0.95;
const z = 1.96;

/** Where few rows of the test split lie, White's covariance is too small (MacKinnon and White, 1985), and there windows go. */
const fewFar = 1.5;

/** The metric that is to be expected of rows by what they are and what was predicted of them; null without rows, or where a column is gone. */
export async function estimateMetric(
  session: Session,
  from: string,
  model: LossModel,
): Promise<EstimatedMetric | null> {
  const found = new Set((await session.columns(from)).map(({ name }) => name));
  if (!model.columns.every(({ name }) => found.has(name))) return null;
  const terms = model.columns.flatMap((column) => termsOf(column, column.name));
  const row = await session.row(
    `SELECT count(*) AS rows, ${terms.map((term, at) => `avg(${term}) AS t${at}`).join(", ")} FROM ${from}`,
  );
  const rows = Number(row.rows);
  if (rows === 0) return null;
  const moved = model.means.map((mean, at) => Number(row[`t${at}`]) - mean);
  return expected(model, moved, rows);
}

function expected(
  { metric, loss, mean, error, effects, variances, noise, factor }: LossModel,
  moved: readonly number[],
  rows: number,
): EstimatedMetric {
  const along = (each: readonly number[]) => moved.reduce((sum, distance, at) => sum + distance * each[at]!, 0);
  const value = mean + along(effects);
  const known = fewFar * factor.reduce((sum, part) => sum + along(part) ** 2, 0);
  // What the window's own rows scatter is no less than a quarter of what those of the test split did.
  const own = Math.max(noise / 4, noise + along(variances)) / rows;
  const reach = z * Math.sqrt(error * error + known + own);
  const ends = [value - reach, value + reach].map((each) => metricOf(loss, Math.max(0, each)));
  return {
    metric,
    value: metricOf(loss, Math.max(0, value)),
    low: Math.min(...ends),
    high: Math.max(...ends),
    ...{ confidence, rows, reference: metricOf(loss, mean) },
  };
}
