import type { DriftResult } from "../drift/drift-result.ts";

type Column = DriftResult["features"][number];
type Effect = Column["effects"][number];

/** A column that is gone has no distance; it counts like one at so many times its limit. No single distance counts more than `most`. */
const [gone, most] = [10, 100];

/**
 * How far beyond its limits a drift is: 1 at the limit, 0 without drift. It is the greatest of three: of the features, the
 * weighted mean of effect ÷ limit over the drifting ones, times their share ÷ `drift.share`; of the predictions, the greatest
 * effect ÷ limit; of the labelled metric, how much worse ÷ how much is allowed. Only what made the outcome drift counts.
 */
export function driftSeverity(result: DriftResult): number {
  const of = { features: featureSeverity, prediction: predictionSeverity, performance: performanceSeverity };
  return round(Math.max(0, ...result.because.map((reason) => of[reason](result))));
}

function featureSeverity({ features, share }: DriftResult): number {
  const drifting = features.filter(({ verdict }) => verdict === "drift");
  const weights = drifting.reduce((sum, { weight }) => sum + weight, 0);
  const weighted = drifting.reduce((sum, column) => sum + column.weight * columnSeverity(column), 0);
  return weights === 0 ? 1 : (weighted / weights) * Math.max(1, share.drifting / share.limit);
}

function predictionSeverity({ predictions }: DriftResult): number {
  return Math.max(1, ...predictions.filter(({ verdict }) => verdict === "drift").map(columnSeverity));
}

function performanceSeverity({ performance }: DriftResult): number {
  const { worse = null, limit = 0 } = performance ?? {};
  return worse === null || limit <= 0 ? 1 : bounded(worse / limit);
}

function columnSeverity({ state, effects }: Column): number {
  if (state !== "compared") return gone;
  return Math.max(1, ...effects.filter(({ exceeds }) => exceeds).map(timesLimit));
}

/** Of a p-value the smaller is the stronger, so that its logarithm is compared. */
function timesLimit({ name, value, limit }: Effect): number {
  if (limit <= 0) return 1;
  if (name !== "p-value") return bounded(value / limit);
  return limit >= 1 ? 1 : bounded(Math.log(Math.max(value, Number.MIN_VALUE)) / Math.log(limit));
}

function bounded(ratio: number): number {
  return Number.isFinite(ratio) ? Math.min(Math.max(ratio, 1), most) : most;
}

/** Enough digits to compare, few enough to read. */
function round(severity: number): number {
  return Number(severity.toPrecision(4));
}
