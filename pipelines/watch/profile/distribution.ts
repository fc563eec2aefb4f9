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
