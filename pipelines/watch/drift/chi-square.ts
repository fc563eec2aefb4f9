import { type DriftCells, poolRareCells, totals } from "./cells.ts";

/**
 * Pearson's chi-square for two samples with rare cells pooled; the reference is a sample too. null when everything is in one
 * cell. (Press et al., Numerical Recipes, 14.3, for samples of unequal size.)
 */
export function twoSampleChiSquare(cells: DriftCells): { statistic: number; degrees: number } | null {
  const pooled = poolRareCells(cells);
  const [before, now] = totals(pooled);
  if (before === 0 || now === 0 || pooled.reference.length < 2) return null;
  const [scaleBefore, scaleNow] = [Math.sqrt(now / before), Math.sqrt(before / now)];
  const statistic = pooled.reference.reduce((sum, ours, at) => {
    const theirs = pooled.current[at]!;
    return sum + (ours * scaleBefore - theirs * scaleNow) ** 2 / (ours + theirs);
  }, 0);
  return { statistic, degrees: pooled.reference.length - 1 };
}
