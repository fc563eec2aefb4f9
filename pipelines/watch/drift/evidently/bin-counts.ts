import { type BinCounts, countValues, type Sample } from "./sample.ts";

/** A reference with more distinct numbers than these is counted in bins of equal width. */
const mostDistinctNumbers = 20;

/**
 * The rows of both sides in each bin: a bin for every value, or, of a reference with many numbers, Sturges' number of equal
 * widths over the range of both sides together. Both have values.
 */
export function countBins(reference: Sample, current: Sample): BinCounts {
  if (reference.kind === "numeric" && current.kind === "numeric" && hasManyValues(reference.values)) {
    const edges = sturgesEdges(reference.values, current.values);
    return { reference: rowsInBins(reference.values, edges), current: rowsInBins(current.values, edges) };
  }
  return countValues(reference, current)!;
}

function hasManyValues(values: Float64Array): boolean {
  let distinct = 0;
  for (let at = 0; at < values.length; at++) {
    if (at === 0 || values[at] !== values[at - 1]) distinct++;
    if (distinct > mostDistinctNumbers) return true;
  }
  return false;
}

function sturgesEdges(reference: Float64Array, current: Float64Array): number[] {
  const bins = Math.ceil(Math.log2(reference.length + current.length) + 1);
  const least = Math.min(reference[0]!, current[0]!);
  const most = Math.max(reference.at(-1)!, current.at(-1)!);
  const width = (most - least) / bins;
  return Array.from({ length: bins + 1 }, (_, at) => (at === bins ? most : least + at * width));
}

/** Bins are closed on the left, the last on both sides. */
function rowsInBins(values: Float64Array, edges: readonly number[]): number[] {
  const starts = edges.map((edge, at) => (at === edges.length - 1 ? values.length : rowsBelow(values, edge)));
  return starts.slice(1).map((end, bin) => end - starts[bin]!);
}

function rowsBelow(values: Float64Array, limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
