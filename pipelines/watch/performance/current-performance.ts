import type { CurrentPerformance } from "../drift/performance.ts";
import type { Profile } from "../profile/profile.ts";
import { measureMetric } from "./measure-metric.ts";
import { readOutcomes } from "./read-outcomes.ts";

/**
 * The primary metric on the window's rows whose outcome is known, as registration measured it on the test split. null when
 * there are none, when the files lack the columns, or when the profile has no metric to compare with.
 */
export async function currentPerformance(
  { performance, task, target, classes }: Profile,
  files: readonly string[],
  seed: number,
): Promise<CurrentPerformance | null> {
  if (!performance) return null;
  const predicted = task === "regression" ? ["prediction"] : classes.map((name) => `probability_${name}`);
  const outcomes = await readOutcomes({ files, task, target, classes, predicted });
  if (!outcomes || outcomes.predictions.rows === 0) return null;
  return measureMetric(performance.metric, outcomes.target, outcomes.predictions, seed);
}
