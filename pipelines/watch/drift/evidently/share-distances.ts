import type { BinCounts } from "./sample.ts";

/** Jensen-Shannon distance, natural logarithm, of the shares of both sides; each side has rows. */
export function jensenShannonDistance({ reference, current }: BinCounts): number {
  const [before, now] = [totalRows(reference), totalRows(current)];
  const divergence = reference.reduce((sum, rows, bin) => {
    const [ours, theirs] = [rows / before, current[bin]! / now];
    const middle = (ours + theirs) / 2;
    return sum + relativeEntropy(ours, middle) + relativeEntropy(theirs, middle);
  }, 0);
  return Math.sqrt(Math.max(divergence, 0) / 2);
}

function relativeEntropy(share: number, other: number): number {
  return share === 0 ? 0 : share * Math.log(share / other);
}

/** Population stability index: Σ (r − c) ln(r / c), with a small share where a side has no rows; each side has rows. */
export function evidentlyStability({ reference, current }: BinCounts): number {
  const [ours, theirs] = [sharesWithoutZeros(reference), sharesWithoutZeros(current)];
  return ours.reduce((sum, share, bin) => sum + (share - theirs[bin]!) * Math.log(share / theirs[bin]!), 0);
}

const shareOfNothing = 1e-4;

/** Evidently's share of an empty bin: 0.0001, or a millionth of the smallest share when that is no larger. */
function sharesWithoutZeros(rows: readonly number[]): number[] {
  const all = totalRows(rows);
  const fewest = rows.reduce((least, count) => (count > 0 && count < least ? count : least), all);
  const filler = fewest / all <= shareOfNothing ? fewest / all / 1e6 : shareOfNothing;
  return rows.map((count) => (count === 0 ? filler : count / all));
}

/** The rows of all bins together. */
export function totalRows(rows: readonly number[]): number {
  return rows.reduce((sum, count) => sum + count, 0);
}
