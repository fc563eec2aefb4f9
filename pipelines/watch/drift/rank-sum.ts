import type { NumericDistribution } from "../profile/distribution.ts";

/**
 * z of the Wilcoxon-Mann-Whitney test with the correction for ties (Lehmann, Nonparametrics, 1975, ch. 1): positive when the
 * window's values are the larger ones. Values between two edges count as tied. 0 when all values are equal.
 */
export function rankSumZ(reference: NumericDistribution, current: NumericDistribution): number {
  const groups = tiedGroups(reference, current);
  let [ours, theirs, wins, ties] = [0, 0, 0, 0];
  for (const [before, now] of groups) {
    wins += now * (ours + before / 2);
    ours += before;
    theirs += now;
    const tied = before + now;
    ties += tied ** 3 - tied;
  }
  const all = ours + theirs;
  const variance = ((ours * theirs) / 12) * (all + 1 - ties / (all * (all - 1)));
  return variance > 0 ? (wins - (ours * theirs) / 2) / Math.sqrt(variance) : 0;
}

/** Rows of reference and window in each group of equal values, ascending. */
function tiedGroups(reference: NumericDistribution, current: NumericDistribution): [number, number][] {
  const atoms = reference.equal !== null && current.equal !== null;
  return reference.counts.flatMap((before, at): [number, number][] => {
    const now = current.counts[at]!;
    if (!atoms || at === reference.edges.length) return [[before, now]];
    const [beforeEqual, nowEqual] = [reference.equal![at]!, current.equal![at]!];
    return [
      [before - beforeEqual, now - nowEqual],
      [beforeEqual, nowEqual],
    ];
  });
}
