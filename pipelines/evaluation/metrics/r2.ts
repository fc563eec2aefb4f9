import type { ScoredRegression } from "../scored.ts";
import { additive } from "./additive.ts";

/**
 * Share of the target's variance explained; scikit-learn's r2_score with its default force_finite: for a constant target
 * 1 when every prediction is right, else 0. Not defined for fewer than two rows.
 */
export const r2 = additive<ScoredRegression>({
  undefinedBecause: ({ rows }) => (rows < 2 ? "r2 needs at least two test rows" : null),
  means: () => 3,
  add({ actual, predicted }, cellOf, [residual, centred, spread]) {
    const centre = centreOf(actual);
    for (let row = 0; row < actual.length; row++) {
      const cell = cellOf[row]!;
      const error = actual[row]! - predicted[row]!;
      const distance = actual[row]! - centre;
      residual![cell]! += error * error;
      centred![cell]! += distance;
      spread![cell]! += distance * distance;
    }
  },
  value(means) {
    const [residual = 0, centred = 0, spread = 0] = means;
    const variance = spread - centred * centred;
    // A resample of one repeated row has no variance but rounding.
    if (variance > 1e-12 * spread) return 1 - residual / variance;
    return residual === 0 ? 1 : 0;
  },
});

/** Targets are centred before squaring, because the variance of large numbers drowns in the rounding of their squares. */
function centreOf(actual: Float64Array): number {
  const first = actual[0] ?? 0;
  // The mean of equal numbers may be off by one rounding; the number itself is not.
  if (actual.every((value) => value === first)) return first;
  let sum = 0;
  for (const value of actual) sum += value - first;
  return first + sum / actual.length;
}
