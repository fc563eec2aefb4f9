import type { Predictions } from "../training/trainer.ts";
import { type ScoredRegression, takeRegression } from "./scored.ts";
import { notFinite, type Side, type Sides } from "./sides.ts";

/** Puts predictions of numbers beside the truth; predictions that cannot be scored become a problem, never a score. */
export function regressionSides(
  actual: Float64Array,
  candidate: Predictions,
  production: Predictions | null,
  mean: number,
): Sides<ScoredRegression> {
  return {
    rows: actual.length,
    candidate: sideOf(actual, candidate),
    production: production && sideOf(actual, production),
    naive: { rows: actual.length, actual, predicted: new Float64Array(actual.length).fill(mean) },
    take: takeRegression,
  };
}

function sideOf(actual: Float64Array, { classes, values }: Predictions): Side<ScoredRegression> {
  if (classes.length > 0) return { problem: "it predicts classes, and the target is a number" };
  if (values.length !== actual.length)
    return { problem: `${values.length} predictions for ${actual.length} test rows` };
  const problem = notFinite(values, "predictions");
  return problem ? { problem } : { scored: { rows: actual.length, actual, predicted: Float64Array.from(values) } };
}
