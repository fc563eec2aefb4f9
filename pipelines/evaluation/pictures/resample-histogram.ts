import { axisOver, type Pictures, rowsByPart, seriesOf } from "./pictures.ts";

const bins = 40;

/** How the resampled differences of a metric are spread; null when none is defined. */
export function resampleHistogram(
  metric: string,
  differences: Float64Array,
): NonNullable<Pictures["resampled"]> | null {
  const defined = differences.filter(Number.isFinite).sort();
  if (defined.length === 0) return null;
  const axis = axisOver(defined, bins);
  return { metric, replicates: defined.length, axis, counts: seriesOf(rowsByPart(axis, defined)) };
}
