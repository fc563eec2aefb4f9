import { chiSquareTail, twoSidedNormalTail } from "../../statistics/tails/distributions.ts";
import {
  type CategoryDistribution,
  type Distribution,
  type NumericDistribution,
  presentRows,
  type WindowColumn,
} from "../profile/distribution.ts";
import type { ColumnPast } from "../profile/past/past.ts";
import {
  categoryCells,
  jensenShannon,
  numberBins,
  poolRareCells,
  populationStability,
  totalVariation,
  twoSampleChiSquare,
} from "./cells.ts";
import {
  cellsTail,
  differenceTail,
  largestDifference,
  type Noise,
  noiseOf,
  rankSumZ,
  shareTail,
  stepsOf,
  stepTail,
  wassersteinDistance,
  zTail,
} from "./column-tests.ts";
import {
  type ColumnDrift,
  type ColumnStatistics,
  type DriftFacts,
  type Effect,
  limits,
  type ShapeBar,
} from "./drift-result.ts";

/** What a column of the window is against the profile's, before the other columns are considered. */
export interface ComparedColumn extends Comparison {
  name: string;
  kind: Distribution["kind"];
  state: "compared" | "vanished" | "type changed" | "not compared";
  reference: DriftFacts;
  current: DriftFacts | null;
  calendar?: ColumnDrift["calendar"];
  past?: ColumnDrift["past"];
}

/** Compares what can be compared; a column that vanished or changed its type has no statistics. */
export function compareColumn(reference: Distribution, found: WindowColumn, past?: ColumnPast): ComparedColumn {
  const about = { name: reference.name, kind: reference.kind, reference: factsOf(reference), ...pastFacts(past) };
  const nothing = { effects: [], p: null, statistics: {}, shape: [] };
  if (found.state !== "counted") return { ...about, ...nothing, state: found.state, current: null };
  const { distribution: current } = found;
  const facts = { ...about, current: factsOf(current) };
  if (presentRows(reference) === 0 && presentRows(current) === 0)
    return { ...facts, ...nothing, state: "not compared" };
  const noise = noiseOf(past, presentRows(reference), presentRows(current));
  return { ...facts, ...compare(reference, current, noise), state: "compared" };
}

function pastFacts(past: ColumnPast | undefined): Pick<ComparedColumn, "past"> {
  if (!past?.spread) return {};
  const { windows, largest } = past.spread;
  return { past: { windows, largest, inSeason: past.season !== null } };
}

function compare(reference: Distribution, current: Distribution, noise: Noise): Comparison {
  if (reference.kind === "numeric" && current.kind === "numeric") return compareNumbers(reference, current, noise);
  if (reference.kind === "category" && current.kind === "category") return compareCategories(reference, current, noise);
  throw new Error(`column ${reference.name} was counted as ${current.kind}, but its profile is ${reference.kind}`);
}

function factsOf(column: Distribution): DriftFacts {
  const share = (count: number) => (column.rows === 0 ? 0 : count / column.rows);
  const { rows } = column;
  if (column.kind === "category") {
    const unseen = column.unlisted.slice(0, 5).map(({ value, rows: count }) => ({ value, share: share(count) }));
    const none = { infinite: 0, mean: null, deviation: null, min: null, max: null };
    return { rows, missing: share(column.missing), ...none, unseen };
  }
  const { missing, infinite, mean, deviation, min, max } = column;
  return { rows, missing: share(missing), infinite: share(infinite), mean, deviation, min, max, unseen: [] };
}

/** Categories against those of the profile: total variation, tested by chi-square. */
function compareCategories(reference: CategoryDistribution, current: CategoryDistribution, noise: Noise): Comparison {
  const missing = missingEffect(reference, current, noise);
  if (presentRows(reference) === 0 || presentRows(current) === 0)
    return combine({ effect: null, tests: [] }, missing, { statistics: {}, shape: [] });
  const cells = categoryCells(reference, current);
  const distance = totalVariation(poolRareCells(cells));
  const found = twoSampleChiSquare(cells);
  const chiSquare = found && { ...found, p: chiSquareTail(found.statistic, found.degrees) };
  const tests = found ? [cellsTail(found, noise)] : [];
  const effect: Effect = {
    name: "total variation",
    value: distance.corrected,
    limit: limits.totalVariation,
    p: tests[0] ?? null,
    exceeds: distance.corrected >= limits.totalVariation,
  };
  const statistics = {
    totalVariation: distance,
    ...(chiSquare && { chiSquare }),
    jensenShannon: jensenShannon(cells),
    psi: populationStability(cells),
  };
  const others = [...missing, ...unseenEffect(reference, current)];
  return combine({ effect, tests }, others, { statistics, shape: categoryShape(reference, current) });
}

const bars = 10;

/** The categories that are the most rows of both sides together, and the rest as one bar. Both sides must have values. */
function categoryShape(reference: CategoryDistribution, current: CategoryDistribution): ShapeBar[] {
  const [before, now] = [presentRows(reference), presentRows(current)];
  const known = reference.categories.map(({ value, rows }, at) => ({
    label: value,
    reference: rows / before,
    current: current.categories[at]!.rows / now,
  }));
  const unseen = reference.buckets ? [] : current.unlisted;
  const all = [...known, ...unseen.map(({ value, rows }) => ({ label: value, reference: 0, current: rows / now }))];
  const most = (bar: ShapeBar) => bar.reference + bar.current;
  const shown = all.toSorted((a, b) => most(b) - most(a)).slice(0, all.length > bars ? bars - 1 : bars);
  const rest = (side: "reference" | "current") => 1 - shown.reduce((sum, bar) => sum + bar[side], 0);
  const other = { label: "other", reference: rest("reference"), current: rest("current") };
  return most(other) > 1e-9 ? [...shown, other] : shown;
}

/**
 * Numbers against those of the profile: Wasserstein distance in reference standard deviations, tested by KS and by ranks. KS
 * sees any difference; the rank sum sees a shift with a third fewer rows, and shifts are what drift mostly is.
 */
function compareNumbers(reference: NumericDistribution, current: NumericDistribution, noise: Noise): Comparison {
  const others = [...missingEffect(reference, current, noise), ...infiniteEffect(reference, current, noise)];
  const [before, now] = [presentRows(reference), presentRows(current)];
  if (before === 0 || now === 0) return combine({ effect: null, tests: [] }, others, { statistics: {}, shape: [] });
  const steps = stepsOf(reference, current);
  const statistic = largestDifference(steps);
  const ks = { statistic, p: differenceTail(statistic, before, now) };
  const ranks = rankSumZ(reference, current);
  const rankSum = { z: ranks, p: twoSidedNormalTail(ranks) };
  const distance = wassersteinDistance(steps, current);
  const wasserstein = distance === 0 ? 0 : distance / scaleOf(reference, current);
  const tests = [stepTail(statistic, [before, now], noise), zTail(ranks, noise)];
  const { cells, shape } = numberBins(reference, current);
  const effect: Effect = {
    name: "wasserstein",
    value: wasserstein,
    limit: limits.wasserstein,
    p: Math.min(1, 2 * Math.min(...tests)),
    exceeds: wasserstein >= limits.wasserstein,
  };
  const z = meanZ(reference, current);
  const statistics = {
    wasserstein,
    ks,
    rankSum,
    ...(z !== null && { z }),
    jensenShannon: jensenShannon(cells),
    psi: populationStability(cells),
  };
  return combine({ effect, tests }, others, { statistics, shape });
}

/** The reference's deviation; of a constant reference that of both sides together, so that any change of it is large. */
function scaleOf(reference: NumericDistribution, current: NumericDistribution): number {
  if (reference.deviation) return reference.deviation;
  const spread = Math.hypot(current.deviation ?? 0, ((current.mean ?? 0) - (reference.mean ?? 0)) / 2);
  return spread || 1;
}

/** Difference of the means by its standard error; null where neither side varies. */
function meanZ(reference: NumericDistribution, current: NumericDistribution): number | null {
  const variance =
    (reference.deviation ?? 0) ** 2 / presentRows(reference) + (current.deviation ?? 0) ** 2 / presentRows(current);
  return variance > 0 ? ((current.mean ?? 0) - (reference.mean ?? 0)) / Math.sqrt(variance) : null;
}

/** One column's two distributions compared, before the other columns are considered. */
interface Comparison {
  effects: readonly Effect[];
  /** Smallest p of the tests times their number (Bonferroni); null when nothing could be tested. */
  p: number | null;
  statistics: ColumnStatistics;
  shape: readonly ShapeBar[];
}

/** A comparison from the tests of its values and those that every column has. */
function combine(
  values: { effect: Effect | null; tests: readonly number[] },
  others: readonly Effect[],
  about: Pick<Comparison, "statistics" | "shape">,
): Comparison {
  const effects = [...(values.effect ? [values.effect] : []), ...others];
  const tests = [...values.tests, ...others.flatMap(({ p }) => (p === null ? [] : [p]))];
  return { effects, p: tests.length === 0 ? null : Math.min(1, Math.min(...tests) * tests.length), ...about };
}

/** The change of the share of missing values; empty when neither side has any. */
function missingEffect(reference: Distribution, current: Distribution, noise: Noise): Effect[] {
  if (reference.missing === 0 && current.missing === 0) return [];
  const value = Math.abs(share(current.missing, current) - share(reference.missing, reference));
  const p = shareTail(counted(reference.missing, reference), counted(current.missing, current), noise);
  return [{ name: "missing", value, limit: limits.missing, p, exceeds: value >= limits.missing }];
}

/** The growth of the share of infinite values; empty when neither side has any. */
function infiniteEffect(reference: NumericDistribution, current: NumericDistribution, noise: Noise): Effect[] {
  if (reference.infinite === 0 && current.infinite === 0) return [];
  const value = share(current.infinite, current) - share(reference.infinite, reference);
  const p = shareTail(counted(reference.infinite, reference), counted(current.infinite, current), noise);
  return [{ name: "infinite", value, limit: limits.infinite, p, exceeds: value >= limits.infinite }];
}

/**
 * The share of the window's rows whose category the reference does not have. A reference with many rare categories lets
 * expect new ones: about as many as it has categories of one row (Good, 1953), which the limit is raised by. Its significance
 * is that of all categories together. Empty when all are known, or when the profile does not list them all.
 */
function unseenEffect(reference: CategoryDistribution, current: CategoryDistribution): Effect[] {
  if (reference.buckets || current.other === 0) return [];
  const value = share(current.other, current);
  const single = reference.categories.filter(({ rows }) => rows === 1).length;
  const limit = limits.unseen + share(single, reference);
  return [{ name: "unseen", value, limit, p: null, exceeds: value >= limit }];
}

function share(count: number, { rows }: Distribution): number {
  return rows === 0 ? 0 : count / rows;
}

function counted(count: number, { rows }: Distribution): { count: number; rows: number } {
  return { count, rows };
}
