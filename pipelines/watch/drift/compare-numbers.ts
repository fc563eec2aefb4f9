import { twoSidedNormalTail } from "../../statistics/tails/distributions.ts";
import { type NumericDistribution, presentRows } from "../profile/distribution.ts";
import { jensenShannon, populationStability } from "./cell-distances.ts";
import { type Comparison, combine, infiniteEffect, missingEffect } from "./comparison.ts";
import type { Effect } from "./drift-result.ts";
import { differenceTail, largestDifference } from "./largest-step.ts";
import { limits } from "./limits.ts";
import { type Noise, stepTail, zTail } from "./noise.ts";
import { numberBins } from "./number-bins.ts";
import { rankSumZ } from "./rank-sum.ts";
import { wassersteinDistance } from "./step-area.ts";
import { stepsOf } from "./steps.ts";

/**
 * Numbers against those of the profile: Wasserstein distance in reference standard deviations, tested by KS and by ranks. KS
 * sees any difference; the rank sum sees a shift with a third fewer rows, and shifts are what drift mostly is.
 */
export function compareNumbers(reference: NumericDistribution, current: NumericDistribution, noise: Noise): Comparison {
  const others = [...missingEffect(reference, current, noise), ...infiniteEffect(reference, current, noise)];
  const [before, now] = [presentRows(reference), presentRows(current)];
  if (before === 0 || now === 0) return combine({ effect: null, tests: [] }, others, { statistics: {}, shape: [] });
  const steps = stepsOf(reference, current);
  const statistic = largestDifference(steps);
  const ks = { statistic, p: differenceTail(statistic, before, now) };
  const ranks = rankSumZ(reference, current);
  const rankSum = { z: ranks, p: twoSidedNormalTail(ranks) };
  const distance = wassersteinDistance(steps, current);
  const wasserstein = distance === 0 ? 0 : distance / scaleOf(reference, current);
  const tests = [stepTail(statistic, [before, now], noise), zTail(ranks, noise)];
  const { cells, shape } = numberBins(reference, current);
  const effect: Effect = {
    name: "wasserstein",
    value: wasserstein,
    limit: limits.wasserstein,
    p: Math.min(1, 2 * Math.min(...tests)),
    exceeds: wasserstein >= limits.wasserstein,
  };
  const z = meanZ(reference, current);
  const statistics = {
    wasserstein,
    ks,
    rankSum,
    ...(z !== null && { z }),
    jensenShannon: jensenShannon(cells),
    psi: populationStability(cells),
  };
  return combine({ effect, tests }, others, { statistics, shape });
}

/** The reference's deviation; of a constant reference that of both sides together, so that any change of it is large. */
function scaleOf(reference: NumericDistribution, current: NumericDistribution): number {
  if (reference.deviation) return reference.deviation;
  const spread = Math.hypot(current.deviation ?? 0, ((current.mean ?? 0) - (reference.mean ?? 0)) / 2);
  return spread || 1;
}

/** Difference of the means by its standard error; null where neither side varies. */
function meanZ(reference: NumericDistribution, current: NumericDistribution): number | null {
  const variance =
    (reference.deviation ?? 0) ** 2 / presentRows(reference) + (current.deviation ?? 0) ** 2 / presentRows(current);
  return variance > 0 ? ((current.mean ?? 0) - (reference.mean ?? 0)) / Math.sqrt(variance) : null;
}
