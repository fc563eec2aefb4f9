import { normalTail, studentAsNormal } from "../../statistics/tails/distributions.ts";
import type { ReferencePast } from "../profile/past/past.ts";
import type { MetricLevel } from "../profile/profile.ts";
import type { PerformanceDrift } from "./drift-result.ts";
import { limits } from "./limits.ts";

/** The primary metric on the rows whose outcome is known, or why it has no value there. */
export type CurrentPerformance = MetricLevel | { problem: string };

/** The part of a PerformanceDrift that is known before the columns are considered. */
export type ComparedPerformance = Omit<PerformanceDrift, "adjusted" | "significant" | "verdict"> & { exceeds: boolean };

/** Stands for how much worse than perfect anything is. */
const most = 1000;

/**
 * The metric against that of the test split. `p` is one-sided: only worse is drift. By the bootstrap's standard errors of
 * both, as the two were measured on different rows.
 */
export function comparePerformance(
  reference: MetricLevel,
  current: CurrentPerformance,
  past?: ReferencePast["performance"],
): ComparedPerformance {
  const { metric, direction } = reference;
  const about = { metric, direction, reference, limit: limits.worse };
  if ("problem" in current)
    return { ...about, current: null, problem: current.problem, worse: null, p: null, exceeds: false };
  const gap = errorOf(current) - errorOf(reference);
  const rows = (reference.rows * current.rows) / (reference.rows + current.rows);
  const noise = 1 + (past ? past.values * rows : 0);
  const error = Math.hypot(reference.error, current.error) * Math.sqrt(noise);
  const worse = gap === 0 ? 0 : Math.min(most, gap / errorOf(reference));
  const p = error > 0 ? normalTail(past ? studentAsNormal(gap / error, past.freedom) : gap / error) : gap > 0 ? 0 : 1;
  return { ...about, current, worse, p, widened: Math.sqrt(noise), exceeds: worse >= limits.worse };
}

/** Distance from the best possible: of a metric to be maximised from 1, else from 0. */
function errorOf({ value, direction }: MetricLevel): number {
  return direction === "max" ? 1 - value : Math.abs(value);
}
