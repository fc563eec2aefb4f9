import { chiSquareTail, studentP, twoSidedNormalTail } from "../../statistics/tails/distributions.ts";
import { twoProportions } from "../../statistics/tails/two-proportions.ts";
import type { ColumnPast } from "../profile/past/past.ts";
import { differenceTail } from "./largest-step.ts";
import { shareChangeP } from "./share-change.ts";

/** By how much the variance of tests is larger than that of independent rows, at least 1, and how surely that is known. */
export interface Noise {
  values: number;
  shares: number;
  /** Degrees of freedom of the estimate; null where nothing was estimated. */
  freedom: number | null;
}

const independent: Noise = { values: 1, shares: 1, freedom: null };

/** The noise of a comparison of so many rows, by what past windows did and by the groups of rows. */
export function noiseOf(past: ColumnPast | undefined, before: number, now: number): Noise {
  if (!past || before === 0 || now === 0) return independent;
  const { spread, groups } = past;
  if (!spread) return { values: 1 + groups, shares: 1 + groups, freedom: null };
  const rows = (before * now) / (before + now);
  const least = 1 + groups;
  return {
    values: Math.max(least, 1 + spread.values * rows),
    shares: Math.max(least, 1 + spread.shares * rows),
    freedom: spread.freedom,
  };
}

function withFreedom(p: number, { freedom }: Noise): number {
  return freedom === null ? p : studentP(p, freedom);
}

/** Two-sided p of a z of the values. */
export function zTail(z: number, noise: Noise): number {
  return withFreedom(twoSidedNormalTail(z / Math.sqrt(noise.values)), noise);
}

/** p of Kolmogorov and Smirnov's largest difference of so many rows. */
export function stepTail(difference: number, [before, now]: readonly [number, number], noise: Noise): number {
  return withFreedom(differenceTail(difference / Math.sqrt(noise.values), before, now), noise);
}

/** p of a chi-square statistic, corrected as by Rao and Scott (1981). */
export function cellsTail({ statistic, degrees }: { statistic: number; degrees: number }, noise: Noise): number {
  return withFreedom(chiSquareTail(statistic / noise.values, degrees), noise);
}

type Share = Parameters<typeof shareChangeP>[0];

/** Two-sided p of a changed share: Fisher's where rows are independent, else by z and the past. */
export function shareTail(reference: Share, current: Share, noise: Noise): number {
  const exact = shareChangeP(reference, current);
  const z = twoProportions(reference, current)?.z ?? 0;
  const widened = noise.shares > 1 ? Math.max(exact, twoSidedNormalTail(z / Math.sqrt(noise.shares))) : exact;
  return withFreedom(widened, noise);
}
