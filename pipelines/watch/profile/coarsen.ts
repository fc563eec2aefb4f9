import type { CategoryDistribution, Distribution, NumericDistribution } from "./distribution.ts";

/** The same column in ever fewer words, the finest first: for a profile that must stay small. */
export function coarsenings(finest: Distribution): Distribution[] {
  return finest.kind === "numeric" ? numberCoarsenings(finest) : categoryCoarsenings(finest);
}

const edgeCounts = [500, 250, 120, 60, 30, 12, 6];

function numberCoarsenings(finest: NumericDistribution): NumericDistribution[] {
  const fewer = edgeCounts.filter((count) => count < finest.edges.length).map((count) => withFewerEdges(finest, count));
  return [finest, ...fewer].map(withoutIdleEquals);
}

/** Keeps edges at about equal shares of the rows, and the outer ones. */
function withFewerEdges(finest: NumericDistribution, most: number): NumericDistribution {
  const { edges, counts, equal } = finest;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const kept: number[] = [0];
  let sum = counts[0]!;
  for (let at = 1; at < edges.length; at++) {
    sum += counts[at]!;
    if (sum * (most - 1) >= kept.length * total || at === edges.length - 1) kept.push(at);
  }
  const merged = kept.map((end, at) => sumOf(counts, at === 0 ? 0 : kept[at - 1]! + 1, end));
  return {
    ...finest,
    edges: kept.map((at) => edges[at]!),
    counts: [...merged, counts.at(-1)!],
    equal: equal && kept.map((at) => equal[at]!),
    exact: false,
  };
}

function sumOf(counts: readonly number[], from: number, to: number): number {
  return counts.slice(from, to + 1).reduce((sum, count) => sum + count, 0);
}

/** Where hardly a value equals an edge, saying so of each is not worth its bytes. */
function withoutIdleEquals(column: NumericDistribution): NumericDistribution {
  const { counts, equal, exact } = column;
  if (exact || equal === null) return column;
  const idle = sumOf(equal, 0, equal.length) * 100 < sumOf(counts, 0, counts.length);
  return idle ? { ...column, equal: null } : column;
}

const sketchedEdges = 30;
const sketchedCategories = 20;

/** A column in few enough words to count it in many windows: about 30 edges, or the 20 most frequent categories and the rest. */
export function sketched(finest: Distribution): Distribution {
  if (finest.kind === "numeric")
    return withoutIdleEquals(finest.edges.length > sketchedEdges ? withFewerEdges(finest, sketchedEdges) : finest);
  const categories = finest.categories.slice(0, sketchedCategories);
  const unlisted = finest.categories.slice(sketchedCategories).reduce((sum, { rows }) => sum + rows, finest.other);
  return { ...finest, categories, other: unlisted, buckets: null };
}

/** Values at which a number may bend: quantiles between its ends; or the most frequent categories but for the rest. */
export function bendsOf(finest: Distribution, count: number): readonly number[] | readonly string[] {
  if (finest.kind === "category")
    return finest.categories.slice(0, Math.min(count, finest.categories.length - 1)).map(({ value }) => value);
  return (finest.edges.length > count + 2 ? withFewerEdges(finest, count + 2) : finest).edges.slice(1, -1);
}

const categoryLevels = [
  { listed: 20, buckets: 64 },
  { listed: 5, buckets: 16 },
  { listed: 0, buckets: 8 },
];

/** All categories, unless there are more than were read; then the most frequent ones to show, and buckets to compare. */
function categoryCoarsenings(finest: CategoryDistribution): CategoryDistribution[] {
  const levels = categoryLevels.map((level) => withBuckets(finest, level));
  return finest.other > 0 ? levels : [{ ...finest, buckets: null }, ...levels];
}

function withBuckets(
  { buckets, ...finest }: CategoryDistribution,
  level: { listed: number; buckets: number },
): CategoryDistribution {
  const categories = finest.categories.slice(0, level.listed);
  const unlisted = finest.categories.slice(level.listed).reduce((sum, { rows }) => sum + rows, finest.other);
  const merged = new Array<number>(level.buckets).fill(0);
  for (const [at, rows] of (buckets ?? []).entries()) merged[at % level.buckets]! += rows;
  return { ...finest, categories, other: unlisted, buckets: merged };
}
