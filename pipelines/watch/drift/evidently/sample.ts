import { compareCodePoints } from "../../../data/code-point-order.ts";

/** The finite values of a column of numbers, ascending. */
export interface NumberSample {
  kind: "numeric";
  values: Float64Array;
}

/** How many rows have each value of a column of categories; missing ones are left out. */
export interface CategorySample {
  kind: "category";
  counts: ReadonlyMap<string, number>;
}

export type Sample = NumberSample | CategorySample;

/** Rows of the two sides in the same bins, such as a bin for each value. */
export interface BinCounts {
  reference: readonly number[];
  current: readonly number[];
}

/** How many rows have a value. */
export function countRows(sample: Sample): number {
  if (sample.kind === "numeric") return sample.values.length;
  return [...sample.counts.values()].reduce((sum, rows) => sum + rows, 0);
}

/** The rows of every value that either side has, by ascending value; null when there are more than `most` of them. */
export function countValues(reference: Sample, current: Sample, most = Number.POSITIVE_INFINITY): BinCounts | null {
  if (reference.kind === "numeric" && current.kind === "numeric")
    return countNumbers(reference.values, current.values, most);
  if (reference.kind === "category" && current.kind === "category")
    return countCategories(reference.counts, current.counts, most);
  throw new Error("numbers cannot be compared with categories");
}

function countNumbers(reference: Float64Array, current: Float64Array, most: number): BinCounts | null {
  const counts = { reference: [] as number[], current: [] as number[] };
  for (let i = 0, j = 0; i < reference.length || j < current.length; ) {
    if (counts.reference.length >= most) return null;
    const [fromI, fromJ] = [i, j];
    const value = Math.min(reference[i] ?? Number.POSITIVE_INFINITY, current[j] ?? Number.POSITIVE_INFINITY);
    while (reference[i] === value) i++;
    while (current[j] === value) j++;
    counts.reference.push(i - fromI);
    counts.current.push(j - fromJ);
  }
  return counts;
}

type Counts = CategorySample["counts"];

function countCategories(reference: Counts, current: Counts, most: number): BinCounts | null {
  const all = new Set(reference.keys()).union(new Set(current.keys()));
  if (all.size > most) return null;
  const values = [...all].sort(compareCodePoints);
  const rowsOf = (counts: Counts) => values.map((value) => counts.get(value) ?? 0);
  return { reference: rowsOf(reference), current: rowsOf(current) };
}

/** Evidently divides by no smaller deviation than this. */
const leastDeviation = 0.001;

/** The first Wasserstein distance of two sorted samples, in standard deviations (ddof 0) of the reference. Both have values. */
export function normalisedWasserstein(reference: Float64Array, current: Float64Array): number {
  return wassersteinDistance(reference, current) / Math.max(deviation(reference), leastDeviation);
}

/** The area between the two distribution functions. */
function wassersteinDistance(reference: Float64Array, current: Float64Array): number {
  let [i, j, area] = [0, 0, 0];
  let previous = Math.min(reference[0]!, current[0]!);
  while (i < reference.length || j < current.length) {
    const value = Math.min(reference[i] ?? Number.POSITIVE_INFINITY, current[j] ?? Number.POSITIVE_INFINITY);
    area += Math.abs(i / reference.length - j / current.length) * (value - previous);
    while (reference[i] === value) i++;
    while (current[j] === value) j++;
    previous = value;
  }
  return area;
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
