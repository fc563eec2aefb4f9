import type { MetricLevel } from "../profile/profile.ts";
import type { ModelDrift } from "./model-drift.ts";

/** One-sided 95% of the normal distribution. */
const confident = 1.645;

/**
 * Whether labels rule out that what moved costs accuracy: the primary metric is not worse beyond chance, and a loss as large as
 * its limit lies outside of the one-sided 95% interval. Not by the labels of less than half of the rows, because those that
 * come first may be of another kind; not of a feature that is gone or of another type, which somebody must mend.
 */
export function costsNothing({ outcome, result, labels }: Pick<ModelDrift, "outcome" | "result" | "labels">): boolean {
  const { performance, features } = result;
  if (outcome !== "drift" || !performance?.current || performance.verdict !== "stable") return false;
  if (features.some(({ state }) => state === "vanished" || state === "type changed")) return false;
  const { known, late, missing, duplicated } = labels;
  if (known * 2 < known + late + missing + duplicated) return false;
  const { worse, limit, reference, current, widened = 1 } = performance;
  if (worse === null || (performance.significant && worse > 0)) return false;
  const noise = (widened * Math.hypot(reference.error, current.error)) / errorOf(reference);
  return Number.isFinite(noise) && worse + confident * noise < limit;
}

/** Whether nothing drifts but features that are gone or of another type. */
export function onlyBroken({ because, features }: ModelDrift["result"]): boolean {
  const drifting = features.filter(({ verdict }) => verdict === "drift");
  return (
    because.length > 0 &&
    because.every((reason) => reason === "features") &&
    drifting.every(({ state }) => state === "vanished" || state === "type changed")
  );
}

/** Distance from the best possible, in which `worse` is measured. */
function errorOf({ value, direction }: MetricLevel): number {
  return direction === "max" ? 1 - value : Math.abs(value);
}
