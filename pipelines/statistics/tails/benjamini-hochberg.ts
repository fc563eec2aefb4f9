/**
 * Adjusted p-values, in the order of the given ones: rejecting those up to alpha keeps the expected share of false
 * discoveries up to alpha (Benjamini and Hochberg 1995). A null, where nothing was tested, stays null and does not count.
 */
export function benjaminiHochberg<P extends number | null>(values: readonly P[]): P[] {
  const tested = values
    .map((p, at) => ({ p, at }))
    .filter((each): each is { p: P & number; at: number } => each.p !== null);
  tested.sort((a, b) => b.p - a.p);
  const adjusted = [...values];
  let least = 1;
  for (const [place, { p, at }] of tested.entries()) {
    least = Math.min(least, p * (tested.length / (tested.length - place)));
    adjusted[at] = least as P & number;
  }
  return adjusted;
}
