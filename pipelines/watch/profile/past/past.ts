import type { Season } from "./season.ts";

/** What windows as long as `drift.window` did inside the reference. */
export interface Spread {
  /** How many whole ones there were, and the degrees of freedom of what is known of them. */
  windows: number;
  freedom: number;
  /**
   * How much more the tests of the values vary from window to window than those of independent rows do, times 1/n + 1/m of
   * the compared rows: of rows that belong together, this stays the same however many of them are drawn. 0 when no more.
   */
  values: number;
  /** The same of the shares of missing and infinite values. */
  shares: number;
  /** The largest distance of one of them from the others. */
  largest: number;
}

/** What is known of a column's past beside its distribution. */
export interface ColumnPast {
  /** null when the reference has no times, or too few whole windows. */
  spread: Spread | null;
  /** By how much rows of one `drift.group` raise the variance of a test, from which 1 is taken; 0 without groups. */
  groups: number;
  /** What the column is a function of, such as `day of year`; null when it is none of the time. */
  calendar: string | null;
  /** null with less than a year of reference. */
  season: Season | null;
}

/** The past of the columns that are no features. */
export interface ReferencePast {
  /** `drift.window` when the version was trained, ms. */
  window: number;
  /** Of the predictions, in their order. */
  predictions: readonly ColumnPast[];
  /** Of the loss on the test split. */
  performance: Pick<Spread, "windows" | "freedom" | "values"> | null;
}

/** Fewer whole windows than this tell too little of how much windows differ, and fewer than these nothing of their parts. */
export const fewestWindows = 5;
export const fewestWithParts = 2;

/** A window is looked at in so many parts, too: of a week the days. */
export const partsOfWindow = 7;

export const noPast: ColumnPast = { spread: null, groups: 0, calendar: null, season: null };
