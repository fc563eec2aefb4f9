import type { CategoryDistribution, NumericDistribution } from "../../../pipelines/watch/profile/distribution.ts";
import { gridEdges, gridProbabilities, mostExactValues } from "../../../pipelines/watch/profile/edges.ts";

/** Numbers of a column, NaN for missing, as the profile would hold them. */
export function profileNumbers(name: string, values: Float64Array): NumericDistribution {
  const sorted = presentSorted(values);
  const distinct = distinctValues(sorted, mostExactValues + 1);
  const exact = distinct.length <= mostExactValues;
  const edges = exact ? distinct : gridEdges(gridProbabilities().map((share) => quantile(sorted, share)));
  return { ...countSorted(name, values.length, sorted, edges), exact };
}

/** Numbers of a window, counted on a profile's edges. */
export function countNumbers(reference: NumericDistribution, values: Float64Array): NumericDistribution {
  const counted = countSorted(reference.name, values.length, presentSorted(values), reference.edges);
  return reference.equal ? counted : { ...counted, equal: null };
}

/** Codes of a category column, −1 for missing, as the profile would hold them. */
export function profileCodes(name: string, codes: Int32Array): CategoryDistribution {
  const found = [...rowsByCode(codes)].sort((a, b) => b[1] - a[1]);
  const categories = found.map(([code, rows]) => ({ value: `c${code}`, rows }));
  return { ...about(name, codes), categories, other: 0, unlisted: [], buckets: null };
}

/** Codes of a window, counted by a profile's categories. */
export function countCodes(reference: CategoryDistribution, codes: Int32Array): CategoryDistribution {
  const rows = new Map([...rowsByCode(codes)].map(([code, count]) => [`c${code}`, count]));
  const known = new Set(reference.categories.map(({ value }) => value));
  const categories = reference.categories.map(({ value }) => ({ value, rows: rows.get(value) ?? 0 }));
  const unlisted = [...rows].filter(([value]) => !known.has(value)).map(([value, count]) => ({ value, rows: count }));
  unlisted.sort((a, b) => b.rows - a.rows);
  const other = unlisted.reduce((sum, each) => sum + each.rows, 0);
  return { ...about(reference.name, codes), categories, other, unlisted, buckets: null };
}

function about(name: string, codes: Int32Array): Pick<CategoryDistribution, "name" | "kind" | "rows" | "missing"> {
  return { name, kind: "category", rows: codes.length, missing: codes.filter((code) => code < 0).length };
}

function rowsByCode(codes: Int32Array): Map<number, number> {
  const rows = new Map<number, number>();
  for (const code of codes) if (code >= 0) rows.set(code, (rows.get(code) ?? 0) + 1);
  return rows;
}

function presentSorted(values: Float64Array): Float64Array {
  return values.filter((value) => !Number.isNaN(value)).sort();
}

function distinctValues(sorted: Float64Array, limit: number): number[] {
  const distinct: number[] = [];
  for (let at = 0; at < sorted.length && distinct.length < limit; at++)
    if (at === 0 || sorted[at] !== sorted[at - 1]) distinct.push(sorted[at]!);
  return distinct;
}

/** As DuckDB's quantile_disc: the first value with at least so large a share of the values up to it. */
function quantile(sorted: Float64Array, share: number): number {
  const rows = sorted.length;
  return sorted[Math.max(1, rows - Math.floor(rows - share * rows)) - 1]!;
}

function countSorted(name: string, rows: number, sorted: Float64Array, edges: readonly number[]): NumericDistribution {
  const counts = new Array<number>(edges.length + 1).fill(0);
  const equal = new Array<number>(edges.length).fill(0);
  const [first, last] = [edges[0] ?? 0, edges.at(-1) ?? 0];
  let [bin, sum, squares, below, above] = [0, 0, 0, 0, 0];
  for (const value of sorted) {
    while (bin < edges.length && value > edges[bin]!) bin += 1;
    counts[bin]! += 1;
    if (value === edges[bin]) equal[bin]! += 1;
    sum += value;
    squares += value * value;
    below += Math.max(0, first - value);
    above += Math.max(0, value - last);
  }
  const mean = sum / sorted.length;
  const moments = {
    mean,
    deviation: Math.sqrt(Math.max(0, squares / sorted.length - mean * mean)),
    min: sorted[0]!,
    max: sorted.at(-1)!,
  };
  const none = { mean: null, deviation: null, min: null, max: null };
  const facts = sorted.length > 0 ? moments : none;
  const missing = rows - sorted.length;
  return {
    name,
    kind: "numeric",
    rows,
    missing,
    infinite: 0,
    ...facts,
    edges,
    counts,
    equal,
    below,
    above,
    exact: false,
  };
}
