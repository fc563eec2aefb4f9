import type { CategoryDistribution, Distribution, NumericDistribution } from "../distribution.ts";
import type { ColumnPast, Spread } from "./past.ts";
import type { Season } from "./season.ts";

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
