import type { Session } from "../../../data/engines/session.ts";
import { type LossModel, metricOf } from "./loss-model.ts";
import { termsOf } from "./terms-sql.ts";

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
