import type { CategoryDistribution, Distribution, NumericDistribution } from "../distribution.ts";

/** Rows of columns on the same edges or categories together, each counted so many times; least and most are of the first. */
export function addDistributions(parts: readonly { column: Distribution; times: number }[]): Distribution {
  const [first] = parts;
  if (!first) throw new Error("nothing to add");
  return first.column.kind === "numeric"
    ? addNumbers(parts as readonly Part<NumericDistribution>[])
    : addCategories(parts as readonly Part<CategoryDistribution>[]);
}

interface Part<Column> {
  column: Column;
  times: number;
}

/** What is left of a reference without a part of it. */
export function without(whole: Distribution, part: Distribution): Distribution {
  return addDistributions([
    { column: whole, times: 1 },
    { column: part, times: -1 },
  ]);
}

function addNumbers(parts: readonly Part<NumericDistribution>[]): NumericDistribution {
  const sum = sumOver(parts);
  const present = sum(presentOf);
  const mean = present > 0 ? sum((each) => presentOf(each) * (each.mean ?? 0)) / present : null;
  const squares = sum((each) => presentOf(each) * ((each.mean ?? 0) ** 2 + (each.deviation ?? 0) ** 2));
  const first = parts[0]!.column;
  return {
    ...first,
    rows: sum(({ rows }) => rows),
    missing: sum(({ missing }) => missing),
    infinite: sum(({ infinite }) => infinite),
    mean,
    deviation: mean === null ? null : Math.sqrt(Math.max(0, squares / present - mean * mean)),
    counts: first.counts.map((_, at) => sum(({ counts }) => counts[at] ?? 0)),
    equal: first.equal?.map((_, at) => sum(({ equal }) => equal?.[at] ?? 0)) ?? null,
    below: sum(({ below }) => below),
    above: sum(({ above }) => above),
  };
}

function presentOf({ rows, missing, infinite }: NumericDistribution): number {
  return rows - missing - infinite;
}

function addCategories(parts: readonly Part<CategoryDistribution>[]): CategoryDistribution {
  const sum = sumOver(parts);
  const first = parts[0]!.column;
  return {
    ...first,
    rows: sum(({ rows }) => rows),
    missing: sum(({ missing }) => missing),
    categories: first.categories.map(({ value }, at) => ({
      value,
      rows: sum(({ categories }) => categories[at]?.rows ?? 0),
    })),
    other: sum(({ other }) => other),
  };
}

/** No sum of rows is less than nothing, whatever rounding left. */
function sumOver<Column>(parts: readonly Part<Column>[]): (value: (column: Column) => number) => number {
  return (value) => {
    const total = parts.reduce((sum, { column, times }) => sum + times * value(column), 0);
    return Math.abs(total) < 1e-9 ? 0 : total;
  };
}
