import type { CategoryColumn, FeatureColumn, NumberColumn, Table, Target } from "../data/table.ts";

/** A feature that is the target in other clothes. */
export interface Leak {
  feature: string;
  /** What it alone tells of the target, 0..1. */
  score: number;
  /** A clause: `its correlation with the target is 1`. */
  found: string;
}

/** Rows that are looked at. They are in the order of their hashes, so that the first are drawn at random. */
const mostRows = 20_000;
/** With fewer, much is equal by chance. */
const fewestRows = 20;
/** Correlation above which a number is the target: its square leaves 0.02% of the variance to be explained. */
const sameCorrelation = 0.9999;
/** Share of the naive errors that is left when a feature tells the class. */
const leftErrors = 0.005;
/** Rows outside of the commonest class, so that none told wrongly is no luck: for features of few values, and of many. */
const [fewEvidence, muchEvidence] = [20, 300];
/** Distinct values, as a multiple of the classes, up to which a feature may be the classes by other names. */
const valuesPerClass = 2;

type Scores = readonly { score: number; found: string }[];

/**
 * Features that alone tell the target all but perfectly: by correlation or rank correlation, by the class or the mean of other
 * rows with the same value, or by being missing. Strong features (a correlation of 0.99) are none.
 */
export function findLeaks({ rows, features, target }: Table): Leak[] {
  const seen = Math.min(rows, mostRows);
  if (seen < fewestRows) return [];
  return features.flatMap((feature) => {
    const [found] = scoresOf(feature, target, seen);
    return found ? [{ feature: feature.name, ...found }] : [];
  });
}

function scoresOf(feature: FeatureColumn, target: Target, rows: number): Scores {
  const missing = missingRows(feature, rows);
  return [
    ...(feature.kind === "category" ? ofCategory(feature, target, rows) : ofNumber(feature, target, rows)),
    ...(missing ? told(missing, 2, target, "whether it is missing") : []),
  ];
}

function ofNumber({ values }: NumberColumn, target: Target, rows: number): Scores {
  const given = Array.from({ length: rows }, (_, row) => row).filter((row) => Number.isFinite(values[row]));
  // Where much is missing, what is there is not the target.
  if (given.length < fewestRows || given.length < rows / 2) return [];
  const own = Float64Array.from(given, (row) => values[row]!);
  if (target.task === "regression")
    return correlated(
      own,
      Float64Array.from(given, (row) => target.values[row]!),
    );
  const { codes, values: distinct } = binned(own);
  const among = { ...target, codes: Int32Array.from(given, (row) => target.codes[row]!) };
  return told(codes, distinct, among, "its value");
}

function ofCategory({ codes, levels }: CategoryColumn, target: Target, rows: number): Scores {
  const numbers = Float64Array.from(codes.subarray(0, rows), (code) => numberOf(levels[code]!));
  if (target.task === "regression" && numbers.every(Number.isFinite)) {
    const found = correlated(numbers, target.values.subarray(0, rows));
    if (found.length > 0) return found;
  }
  const used = new Set(codes.subarray(0, rows));
  return told(codes.subarray(0, rows), used.size, target, "its value");
}

function numberOf(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

/** 1 where the feature is missing; null when it never is, or always. */
function missingRows(feature: FeatureColumn, rows: number): Int32Array | null {
  const isMissing =
    feature.kind === "category"
      ? (row: number) => feature.levels[feature.codes[row]!] === ""
      : (row: number) => Number.isNaN(feature.values[row]!);
  const codes = Int32Array.from({ length: rows }, (_, row) => (isMissing(row) ? 1 : 0));
  const count = codes.reduce((sum, each) => sum + each, 0);
  return count === 0 || count === rows ? null : codes;
}

function correlated(own: Float64Array, target: Float64Array): Scores {
  const straight = Math.abs(correlation(own, target));
  if (straight >= sameCorrelation) return [scored(straight, "correlation")];
  const ranked = Math.abs(correlation(ranks(own), ranks(target)));
  return ranked >= sameCorrelation ? [scored(ranked, "rank correlation")] : [];
}

function scored(score: number, what: string): Scores[number] {
  return { score, found: `its ${what} with the target is ${Number(score.toFixed(5))}` };
}

function correlation(a: Float64Array, b: Float64Array): number {
  const [meanA, meanB] = [a, b].map((each) => each.reduce((sum, value) => sum + value, 0) / each.length) as [
    number,
    number,
  ];
  let [ab, aa, bb] = [0, 0, 0];
  for (let row = 0; row < a.length; row++) {
    const [left, right] = [a[row]! - meanA, b[row]! - meanB];
    ab += left * right;
    aa += left * left;
    bb += right * right;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}

/** Equal values share the mean of their ranks. */
function ranks(values: Float64Array): Float64Array {
  const order = Int32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const ranked = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end += 1;
    for (let at = start; at < end; at++) ranked[order[at]!] = (start + end - 1) / 2;
    start = end;
  }
  return ranked;
}

/** Neighbouring values together, at least 20 rows each, where there are many different ones. */
function binned(values: Float64Array): { codes: Int32Array; values: number } {
  const order = Int32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const distinct = new Set(values).size;
  const least = distinct <= values.length / 20 ? 1 : 20;
  const codes = new Int32Array(values.length);
  let [bin, inBin] = [0, 0];
  for (const [at, row] of order.entries()) {
    if (at > 0 && inBin >= least && values[row] !== values[order[at - 1]!]) [bin, inBin] = [bin + 1, 0];
    codes[row] = bin;
    inBin += 1;
  }
  return { codes, values: distinct };
}

/** What the group of a row tells of its target, from the group's other rows alone, so that a group of one tells nothing. */
function told(codes: Int32Array, distinct: number, target: Target, what: string): Scores {
  const of = target.task === "regression" ? explainedVariance(codes, target.values) : null;
  if (of !== null) {
    if (of < sameCorrelation ** 2) return [];
    return [{ score: of, found: `${what} alone explains ${shown(of)} of the target's variance` }];
  }
  if (target.task === "regression") return [];
  const { wrong, naive } = tellingErrors(codes, target.codes, target.classes.length);
  const evidence = distinct <= valuesPerClass * target.classes.length ? fewEvidence : muchEvidence;
  if (naive < evidence || wrong > leftErrors * naive) return [];
  const score = 1 - wrong / codes.length;
  return [{ score, found: `${what} alone tells the class of ${shown(score)} of rows` }];
}

function shown(share: number): string {
  return `${Number((100 * share).toFixed(3))}%`;
}

function explainedVariance(codes: Int32Array, values: Float64Array): number {
  const count = codes.length;
  const [sums, sizes] = [new Map<number, number>(), new Map<number, number>()];
  const mean = values.subarray(0, count).reduce((sum, value) => sum + value, 0) / count;
  for (const [row, code] of codes.entries()) {
    sums.set(code, (sums.get(code) ?? 0) + values[row]! - mean);
    sizes.set(code, (sizes.get(code) ?? 0) + 1);
  }
  let [left, all] = [0, 0];
  for (const [row, code] of codes.entries()) {
    const own = values[row]! - mean;
    const size = sizes.get(code)!;
    const guess = size > 1 ? (sums.get(code)! - own) / (size - 1) : 0;
    left += (own - guess) ** 2;
    all += own ** 2;
  }
  return all > 0 ? 1 - left / all : 0;
}

/** Rows whose class is not the commonest one among the others of their group, and rows outside of the commonest class of all. */
function tellingErrors(codes: Int32Array, classes: Int32Array, classCount: number): { wrong: number; naive: number } {
  const counts = new Map<number, Int32Array>();
  const all = new Int32Array(classCount);
  for (const [row, code] of codes.entries()) {
    const own = counts.get(code) ?? new Int32Array(classCount);
    own[classes[row]!]! += 1;
    counts.set(code, own);
    all[classes[row]!]! += 1;
  }
  const commonest = all.indexOf(Math.max(...all));
  let wrong = 0;
  for (const [row, code] of codes.entries()) {
    const others = counts.get(code)!;
    const own = classes[row]!;
    others[own]! -= 1;
    const best = Math.max(...others);
    const guess = best === 0 ? commonest : others.indexOf(best);
    if (guess !== own) wrong += 1;
    others[own]! += 1;
  }
  return { wrong, naive: codes.length - all[commonest]! };
}
