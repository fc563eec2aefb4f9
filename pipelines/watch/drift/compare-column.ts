import { chiSquareTail } from "../../statistics/tails/distributions.ts";
import {
  type CategoryDistribution,
  type Distribution,
  presentRows,
  type WindowColumn,
} from "../profile/distribution.ts";
import type { ColumnPast } from "../profile/past/past.ts";
import { jensenShannon, populationStability, totalVariation } from "./cell-distances.ts";
import { categoryCells, poolRareCells } from "./cells.ts";
import { twoSampleChiSquare } from "./chi-square.ts";
import { compareNumbers } from "./compare-numbers.ts";
import { type Comparison, combine, missingEffect, unseenEffect } from "./comparison.ts";
import type { ColumnDrift, DriftFacts, Effect, ShapeBar } from "./drift-result.ts";
import { limits } from "./limits.ts";
import { cellsTail, type Noise, noiseOf } from "./noise.ts";

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
