/**
 * What is known of one column of numbers without its rows. Missing are nulls and NaN; infinities are counted apart; mean,
 * deviation (population, ddof 0), least and most are of the finite values and null when there are none.
 */
export interface NumericDistribution {
  name: string;
  kind: "numeric";
  /** All rows, whatever they hold. */
  rows: number;
  missing: number;
  infinite: number;
  mean: number | null;
  deviation: number | null;
  min: number | null;
  max: number | null;
  /** Ascending and distinct; of a profile no value lies outside of them. */
  edges: readonly number[];
  /** One more than edges: finite values in (edges[i − 1], edges[i]], the first and the last without a bound. */
  counts: readonly number[];
  /** Of those, how many equal edges[i]: with them the distribution function is known on both sides of every edge. null when nearly none do. */
  equal: readonly number[] | null;
  /** Sum of edges[0] − value over the values below the first edge. */
  below: number;
  /** Sum of value − edges[last] over the values above the last edge. */
  above: number;
  /** Every finite value is an edge, so nothing was lost. */
  exact: boolean;
}

/** What is known of one column of categories without its rows. Missing are nulls and the empty text, which is how a model gets a null. */
export interface CategoryDistribution {
  name: string;
  kind: "category";
  rows: number;
  missing: number;
  /** Of a profile: its categories by falling count. Of a window: the same categories in the same order. */
  categories: readonly CategoryCount[];
  /** Rows of categories that are not listed. */
  other: number;
  /** Of a window: the most frequent of the categories that are not listed. */
  unlisted: readonly CategoryCount[];
  /**
   * Rows by `categoryBucket`, for a profile with too many categories to list. Listing the most frequent only would choose
   * them by what is compared; a hash does not. null when the profile lists all its categories.
   */
  buckets: readonly number[] | null;
}

export interface CategoryCount {
  value: string;
  rows: number;
}

export type Distribution = NumericDistribution | CategoryDistribution;

/** Finite values of numbers, texts that are there of categories. */
export function presentRows(column: Distribution): number {
  return column.rows - column.missing - (column.kind === "numeric" ? column.infinite : 0);
}

/** A window of live data, counted on a profile's edges and categories. */
export interface CurrentWindow {
  rows: number;
  /** In the order of the profile's features. */
  features: readonly WindowColumn[];
  /** In the order of the profile's predictions. */
  predictions: readonly WindowColumn[];
  /** Columns that are neither the model's nor the log's own. */
  added: readonly string[];
}

/** A column of the profile as the window has it; `type` is the engine's word for what it found instead. */
export type WindowColumn =
  | { state: "counted"; distribution: Distribution }
  | { state: "vanished" | "not compared" }
  | { state: "type changed"; type: string };

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
