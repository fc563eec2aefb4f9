import type { CategoryDistribution, Distribution, NumericDistribution } from "../profile/distribution.ts";
import type { ColumnStatistics, Effect, ShapeBar } from "./drift-result.ts";
import { limits } from "./limits.ts";
import { type Noise, shareTail } from "./noise.ts";

/** One column's two distributions compared, before the other columns are considered. */
export interface Comparison {
  effects: readonly Effect[];
  /** Smallest p of the tests times their number (Bonferroni); null when nothing could be tested. */
  p: number | null;
  statistics: ColumnStatistics;
  shape: readonly ShapeBar[];
}

/** A comparison from the tests of its values and those that every column has. */
export function combine(
  values: { effect: Effect | null; tests: readonly number[] },
  others: readonly Effect[],
  about: Pick<Comparison, "statistics" | "shape">,
): Comparison {
  const effects = [...(values.effect ? [values.effect] : []), ...others];
  const tests = [...values.tests, ...others.flatMap(({ p }) => (p === null ? [] : [p]))];
  return { effects, p: tests.length === 0 ? null : Math.min(1, Math.min(...tests) * tests.length), ...about };
}

/** The change of the share of missing values; empty when neither side has any. */
export function missingEffect(reference: Distribution, current: Distribution, noise: Noise): Effect[] {
  if (reference.missing === 0 && current.missing === 0) return [];
  const value = Math.abs(share(current.missing, current) - share(reference.missing, reference));
  const p = shareTail(counted(reference.missing, reference), counted(current.missing, current), noise);
  return [{ name: "missing", value, limit: limits.missing, p, exceeds: value >= limits.missing }];
}

/** The growth of the share of infinite values; empty when neither side has any. */
export function infiniteEffect(reference: NumericDistribution, current: NumericDistribution, noise: Noise): Effect[] {
  if (reference.infinite === 0 && current.infinite === 0) return [];
  const value = share(current.infinite, current) - share(reference.infinite, reference);
  const p = shareTail(counted(reference.infinite, reference), counted(current.infinite, current), noise);
  return [{ name: "infinite", value, limit: limits.infinite, p, exceeds: value >= limits.infinite }];
}

/**
 * The share of the window's rows whose category the reference does not have. A reference with many rare categories lets
 * expect new ones: about as many as it has categories of one row (Good, 1953), which the limit is raised by. Its significance
 * is that of all categories together. Empty when all are known, or when the profile does not list them all.
 */
export function unseenEffect(reference: CategoryDistribution, current: CategoryDistribution): Effect[] {
  if (reference.buckets || current.other === 0) return [];
  const value = share(current.other, current);
  const single = reference.categories.filter(({ rows }) => rows === 1).length;
  const limit = limits.unseen + share(single, reference);
  return [{ name: "unseen", value, limit, p: null, exceeds: value >= limit }];
}

function share(count: number, { rows }: Distribution): number {
  return rows === 0 ? 0 : count / rows;
}

function counted(count: number, { rows }: Distribution): { count: number; rows: number } {
  return { count, rows };
}
