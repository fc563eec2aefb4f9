import { quantileSorted, quickselect } from "simple-statistics";

/** The value that sorting would put at `rank` (0-based). Reorders `values`, none of which is NaN. Expected linear time. */
export function nthSmallest(values: Float64Array, rank: number): number {
  quickselect(listOf(values), rank);
  return values[rank]!;
}

/** The quantile q of ascending values, interpolated between neighbours (type 7 of Hyndman & Fan, 1996), as NumPy's default; NaN of nothing. */
export function quantileOfSorted(sorted: Float64Array, q: number): number {
  return sorted.length === 0 ? Number.NaN : quantileSorted(listOf(sorted), q);
}

/** The library's types know lists alone; it uses places and the length. */
function listOf(values: Float64Array): number[] {
  return values as unknown as number[];
}
