import type { CategoryColumn, FeatureColumn, NumberColumn } from "../../data/table.ts";

/** A number becomes (x - mean) * scale, 0 when missing, and where training saw missing values also a 0/1 column that says so. */
export interface NumberEncoding {
  kind: "number";
  name: string;
  mean: number;
  /** 1 / standard deviation; 0 for a constant or wholly missing column, which can tell nothing. */
  scale: number;
  column: number;
  /** The missing indicator's column. */
  missing: number | null;
}

/** A category becomes one 0/1 column per level; a level that training did not see gets 0 in all of them. */
export interface CategoryEncoding {
  kind: "category";
  name: string;
  /** Level to column; the rarest levels may share one. */
  columnOf: ReadonlyMap<string, number>;
  /** The column that pooled levels share. */
  pooled: number | null;
}

/**
 * How rows become the design matrix [rows, width], which is never built: column 0 is the intercept, then `dense` - 1
 * columns of numbers and missing indicators, then the levels of the categories.
 */
export interface DesignEncoding {
  features: readonly (NumberEncoding | CategoryEncoding)[];
  dense: number;
  width: number;
}

/** Learns the encoding from the train split. A missing value is anything not finite. */
export function fitEncoding(features: readonly FeatureColumn[], maxCategories: number): DesignEncoding {
  let next = 1;
  const encoded = new Map<FeatureColumn, NumberEncoding | CategoryEncoding>();
  for (const column of features) {
    if (column.kind === "category") continue;
    const encoding = numberEncoding(column, next);
    encoded.set(column, encoding);
    next += encoding.missing === null ? 1 : 2;
  }
  const dense = next;
  for (const column of features) {
    if (column.kind !== "category") continue;
    const encoding = categoryEncoding(column, next, maxCategories);
    encoded.set(column, encoding);
    next += new Set(encoding.columnOf.values()).size;
  }
  return { features: features.map((column) => encoded.get(column)!), dense, width: next };
}

function numberEncoding({ name, values }: NumberColumn, column: number): NumberEncoding {
  const { count, mean, deviation } = moments(values);
  const missing = count > 0 && count < values.length ? column + 1 : null;
  return { kind: "number", name, mean, scale: deviation > 0 ? 1 / deviation : 0, column, missing };
}

// Two passes, because the sum of squares of a column like 1e9 ± 1 has no digits left for the deviation.
function moments(values: Float32Array): { count: number; mean: number; deviation: number } {
  let count = 0;
  let sum = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    count++;
    sum += value;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (count === 0) return { count, mean: 0, deviation: 0 };
  // The rounded mean of equal values may differ from them, and would give them a deviation.
  if (low === high) return { count, mean: low, deviation: 0 };
  const mean = sum / count;
  let squares = 0;
  for (const value of values) if (Number.isFinite(value)) squares += (value - mean) ** 2;
  // Over all rows, a missing value being at the mean: what a standard scaler after an imputer does.
  return { count, mean, deviation: Math.sqrt(squares / values.length) };
}

function categoryEncoding(column: CategoryColumn, first: number, maxCategories: number): CategoryEncoding {
  const counts = new Float64Array(column.levels.length);
  for (const code of column.codes) counts[code]!++;
  const seen = [...counts.keys()].filter((code) => counts[code]! > 0);
  const kept = seen.length <= maxCategories ? seen : mostFrequent(seen, counts, maxCategories - 1);
  const columnOf = new Map(kept.map((code, i) => [column.levels[code]!, first + i]));
  const pooled = kept.length < seen.length ? first + kept.length : null;
  if (pooled !== null) for (const code of seen) setIfAbsent(columnOf, column.levels[code]!, pooled);
  return { kind: "category", name: column.name, columnOf, pooled };
}

// Ties go to the earlier level; the kept ones stay in the order of the levels.
function mostFrequent(codes: readonly number[], counts: Float64Array, wanted: number): number[] {
  const byCount = codes.toSorted((a, b) => counts[b]! - counts[a]! || a - b);
  return byCount.slice(0, wanted).sort((a, b) => a - b);
}

function setIfAbsent(map: Map<string, number>, key: string, value: number): void {
  if (!map.has(key)) map.set(key, value);
}
