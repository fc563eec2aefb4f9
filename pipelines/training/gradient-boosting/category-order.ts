import { exactScale, largest } from "./fixed-point.ts";

/** A category column's levels in the order by which they are put into bins where there are more than fit. */
export interface CategoryOrder {
  /** Rank by level; NaN for a level without rows in training. */
  ranks: Float32Array;
  /** Training rows by rank. */
  counts: Int32Array;
  /** Rank that levels unseen in training take: that of the rare levels, or NaN where none was rare. */
  unseen: number;
}

/**
 * Orders levels by their smoothed mean of `values`, (sum + s·mean) / (rows + s), so that neighbours are alike. Levels with
 * fewer than `minRows` rows share one rank, because the order of single rows would tell a tree their targets; what is
 * unseen in training is rare too. The empty level (null) keeps a rank of its own.
 */
export function orderCategories(
  codes: Int32Array,
  levels: readonly string[],
  values: Float64Array,
  rules: { smoothing: number; minRows: number },
): CategoryOrder {
  const { sums, counts, mean } = sumByLevel(codes, levels.length, values);
  const groups: { levels: number[]; rows: number; sum: number }[] = [];
  const rare = { levels: [] as number[], rows: 0, sum: 0 };
  for (let level = 0; level < levels.length; level++) {
    const rows = counts[level]!;
    if (rows === 0) continue;
    const isRare = rows < rules.minRows && levels[level] !== "";
    const group = isRare ? rare : { levels: [], rows: 0, sum: 0 };
    if (group !== rare || rare.rows === 0) groups.push(group);
    group.levels.push(level);
    group.rows += rows;
    group.sum += sums[level]!;
  }
  const score = (group: { rows: number; sum: number }) =>
    (group.sum + rules.smoothing * mean) / (group.rows + rules.smoothing);
  groups.sort((a, b) => score(a) - score(b) || a.levels[0]! - b.levels[0]!);
  const ranks = new Float32Array(levels.length).fill(Number.NaN);
  groups.forEach((group, rank) => {
    for (const level of group.levels) ranks[level] = rank;
  });
  return {
    ranks,
    counts: Int32Array.from(groups, (group) => group.rows),
    unseen: ranks[rare.levels[0] ?? -1] ?? Number.NaN,
  };
}

/** Sums in fixed point, so that the order of the rows cannot tip a tie. */
function sumByLevel(codes: Int32Array, levels: number, values: Float64Array) {
  const scale = exactScale(codes.length, largest(values));
  const sums = new Float64Array(levels);
  const counts = new Int32Array(levels);
  for (let row = 0; row < codes.length; row++) {
    const level = codes[row]!;
    sums[level]! += Math.round(values[row]! * scale);
    counts[level]!++;
  }
  const total = sums.reduce((sum, each) => sum + each, 0);
  return { sums: sums.map((sum) => sum / scale), counts, mean: total / scale / Math.max(1, codes.length) };
}
