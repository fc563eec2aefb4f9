/** How many of so many rows. */
interface Count {
  count: number;
  rows: number;
}

/**
 * Two-sided p of Fisher's exact test that a property is as frequent in both samples: twice the smaller tail of the
 * hypergeometric distribution. Exact, because values that were never missing before are what the normal approximation
 * misjudges most. 1 where a side has no rows.
 */
export function shareChangeP(reference: Count, current: Count): number {
  const rows = reference.rows + current.rows;
  const found = reference.count + current.count;
  if (reference.rows === 0 || current.rows === 0 || found === 0 || found === rows) return 1;
  const least = Math.max(0, found - reference.rows);
  const most = Math.min(found, current.rows);
  const mode = Math.min(most, Math.max(least, Math.floor(((current.rows + 1) * (found + 1)) / (rows + 2))));
  const next = (k: number) => ((found - k) * (current.rows - k)) / ((k + 1) * (reference.rows - found + k + 1));
  const tails = { upTo: 0, from: 0, all: 0 };
  const add = (k: number, weight: number) => {
    tails.all += weight;
    if (k <= current.count) tails.upTo += weight;
    if (k >= current.count) tails.from += weight;
  };
  add(mode, 1);
  // Relative to the most probable count; what is 1e-20 of it no longer matters.
  for (let k = mode, weight = 1; k < most && weight > 1e-20; k++) add(k + 1, (weight *= next(k)));
  for (let k = mode, weight = 1; k > least && weight > 1e-20; k--) add(k - 1, (weight /= next(k - 1)));
  return Math.min(1, (2 * Math.min(tails.upTo, tails.from)) / tails.all);
}
