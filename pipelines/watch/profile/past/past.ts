import type { CategoryDistribution, Distribution, NumericDistribution } from "../distribution.ts";
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

type SpreadLine = [windows: number, freedom: number, values: number, shares: number, largest: number];

/** Of each part of the year: missing, infinite and mean, or missing and other, and the counts on the edges or by the values. */
type SeasonLine = [
  spread: SpreadLine | null,
  edges: readonly (number | string)[],
  exact: boolean,
  parts: readonly (readonly (number | null)[])[],
];

export type PastLine = [spread: SpreadLine | null, groups: number, calendar: string | null, season: SeasonLine | null];

/** A column's past as it stands in a profile. */
export function pastLine({ spread, groups, calendar, season }: ColumnPast): PastLine {
  return [spread && spreadLine(spread), groups, calendar, season && seasonLine(season)];
}

/** Reads it back; `column` is what the past is of. */
export function parsePastLine([spread, groups, calendar, season]: PastLine, column: Distribution): ColumnPast {
  return { spread: spread && parseSpread(spread), groups, calendar, season: season && parseSeason(season, column) };
}

function spreadLine({ windows, freedom, values, shares, largest }: Spread): SpreadLine {
  return [windows, freedom, values, shares, largest];
}

function parseSpread([windows, freedom, values, shares, largest]: SpreadLine): Spread {
  return { windows, freedom, values, shares, largest };
}

function seasonLine({ spread, parts }: Season): SeasonLine {
  const [first] = parts;
  const spreads = spread && spreadLine(spread);
  if (first?.kind === "numeric") {
    const numbers = parts as readonly NumericDistribution[];
    const lines = numbers.map((each) => [each.missing, each.infinite, each.mean, ...each.counts.slice(0, -1)]);
    return [spreads, first.edges, first.exact, lines];
  }
  const categories = parts as readonly CategoryDistribution[];
  const values = (first as CategoryDistribution).categories.map(({ value }) => value);
  const lines = categories.map((each) => [each.missing, each.other, ...each.categories.map(({ rows }) => rows)]);
  return [spreads, values, false, lines];
}

function parseSeason([spread, edges, exact, parts]: SeasonLine, { name, kind }: Distribution): Season {
  const read = (line: readonly (number | null)[]): Distribution =>
    kind === "numeric"
      ? numbersOf(name, edges as readonly number[], { exact, line })
      : categoriesOf(name, edges as readonly string[], line as readonly number[]);
  return { spread: spread && parseSpread(spread), parts: parts.map(read) };
}

function numbersOf(
  name: string,
  edges: readonly number[],
  { exact, line }: { exact: boolean; line: readonly (number | null)[] },
): NumericDistribution {
  const [missing, infinite, mean, ...inner] = line as [number, number, number | null, ...number[]];
  return tidyPart({
    ...{ name, kind: "numeric", missing, infinite, mean, edges, counts: [...inner, 0], equal: null, exact },
    ...{ rows: 0, deviation: null, min: null, max: null, below: 0, above: 0 },
  });
}

function categoriesOf(
  name: string,
  values: readonly string[],
  [missing = 0, other = 0, ...counts]: readonly number[],
): CategoryDistribution {
  const categories = values.map((value, at) => ({ value, rows: counts[at] ?? 0 }));
  return tidyPart({ name, kind: "category", rows: 0, missing, other, categories, unlisted: [], buckets: null });
}

/** A part of the year with only what is written of it, so that it comes back as it was. */
export function tidyPart<Column extends Distribution>(part: Column): Column {
  if (part.kind === "category") {
    const rows = part.categories.reduce((sum, each) => sum + each.rows, part.missing + part.other);
    return { ...part, rows, unlisted: [], buckets: null };
  }
  const { mean, counts, missing, infinite, exact } = part;
  const inner = counts.slice(0, -1);
  return {
    ...part,
    rows: inner.reduce((sum, count) => sum + count, missing + infinite),
    mean: mean === null ? null : Number(mean.toPrecision(6)),
    ...{ counts: [...inner, 0], equal: exact ? inner : null, below: 0, above: 0 },
    ...{ deviation: null, min: null, max: null },
  };
}
