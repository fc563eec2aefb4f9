import type { SliceComparison } from "../evaluation/evaluation.ts";
import type { GateCheck } from "../gate/verdict.ts";
import { type CheckIndex, sliceChecks } from "./gate-checks.ts";

/** A slice with what the gate says about it. */
export interface JudgedSlice {
  slice: SliceComparison;
  checks: readonly GateCheck[];
}

/**
 * The slices worst first: those that broke a limit, then by how much worse than production they got, in shares of
 * production's score; without a production by the candidate's score.
 */
export function slicesWorstFirst(slices: readonly SliceComparison[], index: CheckIndex): JudgedSlice[] {
  return slices
    .map((slice) => ({ slice, checks: sliceChecks(index, slice), worse: worsening(slice) }))
    .sort((a, b) => broken(b.checks) - broken(a.checks) || compareNumbers(b.worse, a.worse))
    .map(({ slice, checks }) => ({ slice, checks }));
}

/** The difference as a share of production's score, null when there is none or production's is zero. */
export function relativeDifference(slice: SliceComparison): { value: number; low: number; high: number } | null {
  const { difference, production } = slice;
  if (!difference || !production) return null;
  const scale = Math.abs(production);
  return { value: difference.value / scale, low: difference.low / scale, high: difference.high / scale };
}

function broken(checks: readonly GateCheck[]): number {
  return checks.some((check) => check.outcome === "fail")
    ? 2
    : checks.some((check) => check.outcome !== "pass")
      ? 1
      : 0;
}

/** Positive when it got worse. A slice without numbers comes first: nobody knows how bad it is. */
function worsening(slice: SliceComparison): number {
  const sign = slice.direction === "min" ? 1 : -1;
  const size = relativeDifference(slice)?.value ?? slice.difference?.value ?? slice.candidate;
  return size === null || !Number.isFinite(size) ? Number.POSITIVE_INFINITY : sign * size;
}

function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
