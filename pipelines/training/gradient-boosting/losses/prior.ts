/**
 * Log of the share of a class among the rows, which may weigh more or less; a class without rows counts as half a row, so
 * that its score is finite.
 */
export function logShare(targets: Float64Array, code: number, weight = 1): number {
  let rows = 0;
  for (const target of targets) if (target === code) rows++;
  return Math.log(Math.max(rows * weight, 0.5) / Math.max(targets.length, 1));
}

/** The quantile q of ascending values, interpolated between neighbours as numpy does; 0 of nothing. */
export function quantileOfSorted(sorted: Float64Array, q: number): number {
  if (sorted.length === 0) return 0;
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (position - below) * (high - low);
}
