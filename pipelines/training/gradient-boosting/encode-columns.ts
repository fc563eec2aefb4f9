import type { CategoryColumn, Table } from "../../data/table.ts";
import { binColumns, cutBins, encodeNumbers } from "./bin-columns.ts";
import { exactScale, largest } from "./fixed-point.ts";

/** How a raw feature becomes what trees look at. Part of the model. */
export interface Encoding {
  /** Index of the feature in the table. */
  feature: number;
  /** The one score whose trees use it, or null for all. */
  output: number | null;
  /** Bin code by level, and of a level unseen in training; null for a number, which trees compare as it is. */
  categories: { levels: readonly string[]; codes: Uint8Array; unseen: number } | null;
  /** Numbers: upper bounds of the bins but the last. */
  cuts: Float32Array;
  /** How many bins; also the code of a missing value. */
  bins: number;
}

/** An encoding and every training row's bin code. */
export interface EncodedColumn extends Encoding {
  /** Backed by a SharedArrayBuffer, so that threads see it without a copy. */
  codes: Uint8Array;
}

interface EncodingRules {
  maxBins: number;
  smoothing: number;
  minRows: number;
}

/**
 * Encodes all features, numbers on at most `threads` threads. Levels beyond the number of bins share bins with those alike
 * by `likeness`, an array of [rows] per score: such a column is then encoded once for each score.
 */
export async function encodeColumns(
  table: Table,
  likeness: readonly Float64Array[],
  rules: EncodingRules,
  { seed, threads }: { seed: number; threads: number },
): Promise<EncodedColumn[]> {
  const numbers = await encodeNumberColumns(table.features, rules, seed, threads);
  return table.features.flatMap((column, feature) => {
    if (column.kind !== "category") return [numbers.get(feature)!];
    const isShared = likeness.length === 1 || column.levels.length <= rules.maxBins;
    if (isShared) return [encodeCategory(column, feature, null, likeness[0]!, rules)];
    return likeness.map((values, output) => encodeCategory(column, feature, output, values, rules));
  });
}

async function encodeNumberColumns(
  features: Table["features"],
  { maxBins }: EncodingRules,
  seed: number,
  threads: number,
): Promise<Map<number, EncodedColumn>> {
  const columns = features.flatMap((column, feature) => {
    if (column.kind === "category") return [];
    const codes = new Uint8Array(new SharedArrayBuffer(column.values.length));
    return [{ feature, values: column.values, codes, most: maxBins, seed }];
  });
  const bins = await binColumns(
    columns.map(({ values, codes, most, seed }) => ({ values, codes, most, seed })),
    threads,
  );
  return new Map(
    columns.map(({ feature, codes }, index) => {
      const { cuts, count } = bins[index]!;
      return [feature, { feature, output: null, categories: null, cuts, bins: count, codes }];
    }),
  );
}

function encodeCategory(
  column: CategoryColumn,
  feature: number,
  output: number | null,
  values: Float64Array,
  rules: EncodingRules,
): EncodedColumn {
  const { ranks, counts, unseen } = orderCategories(column.codes, column.levels, values, rules);
  const bins = cutBins({ values: Float32Array.from(counts, (_, rank) => rank), counts }, rules.maxBins);
  const codeOfLevel = new Uint8Array(column.levels.length);
  const unseenCode = new Uint8Array(1);
  encodeNumbers(
    ranks.map((rank) => (Number.isNaN(rank) ? unseen : rank)),
    bins,
    codeOfLevel,
  );
  encodeNumbers(Float32Array.of(unseen), bins, unseenCode);
  const codes = new Uint8Array(new SharedArrayBuffer(column.codes.length));
  for (let row = 0; row < codes.length; row++) codes[row] = codeOfLevel[column.codes[row]!]!;
  const categories = { levels: column.levels, codes: codeOfLevel, unseen: unseenCode[0]! };
  return { feature, output, categories, cuts: bins.cuts, bins: bins.count, codes };
}

/** A category column's levels in the order by which they are put into bins where there are more than fit. */
interface CategoryOrder {
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
