import type { Session } from "../../../data/engines/session.ts";
import { twoProportions } from "../../../statistics/tails/two-proportions.ts";
import { compareColumn } from "../../drift/compare-column.ts";
import { lossOfMetric, lossSql } from "../../performance/estimate/loss-model.ts";
import {
  type CategoryDistribution,
  type Distribution,
  type NumericDistribution,
  presentRows,
} from "../distribution.ts";
import type { PastRows } from "./column-pasts.ts";
import { partOf, windowGrid } from "./count-parts.ts";
import { fewestWindows, fewestWithParts, partsOfWindow, type ReferencePast, type Spread } from "./past.ts";

/** A past window of one column, or a part of one, and what it is compared with. */
export interface PastWindow {
  window: Distribution;
  rest: Distribution;
}

/** E[x²] of Kolmogorov's distribution, which the scaled statistic of independent rows has. */
const kolmogorovSquare = Math.PI ** 2 / 12;

const fewestRows = 10;

/**
 * How much the windows of a reference differ from the rest of it, against independent rows. Each is given in its parts. The
 * parts tell more surely what rows of one part have in common; that the parts of a window have something in common only whole
 * windows tell. A part is compared with the same part of the other windows, so that a season within a window counts for nothing.
 * null for fewer than 2 windows.
 */
export function spreadOf(windows: readonly (readonly Distribution[])[]): Spread | null {
  if (windows.length < fewestWithParts) return null;
  const wholes = windows.map((parts) => addDistributions(parts.map((column) => ({ column, times: 1 }))));
  return spreadBeyond(
    comparedWithRest(wholes),
    Array.from({ length: partsOfWindow }, (_, at) => comparedWithRest(windows.map((parts) => parts[at]!))).flat(),
  );
}

function comparedWithRest(windows: readonly Distribution[]): PastWindow[] {
  const all = addDistributions(windows.map((column) => ({ column, times: 1 })));
  return windows.map((window) => ({ window, rest: without(all, window) }));
}

/** Of windows and parts with what they are compared with. null when too few of them have rows. */
export function spreadBeyond(windows: readonly PastWindow[], parts: readonly PastWindow[]): Spread | null {
  const [whole, pieces] = [windows, parts].map((each) => each.filter(hasRows).map(comparePast)) as [
    ComparedPast[],
    ComparedPast[],
  ];
  const enough = whole.length >= fewestWindows;
  if (!enough && pieces.length < fewestWithParts * partsOfWindow) return null;
  const [ofWindows, ofParts] = [enough ? beyond(whole) : null, beyond(pieces)];
  const most = (of: (each: Beyond) => number) =>
    rounded(Math.max(ofWindows ? of(ofWindows) : 0, of(ofParts) / partsOfWindow));
  return {
    windows: windows.length,
    freedom: Math.round(
      (enough ? whole.length - 1 : 0) + (pieces.length - partsOfWindow) / (enough ? partsOfWindow : 1),
    ),
    values: most(({ values }) => values),
    shares: most(({ shares }) => shares),
    largest: rounded(Math.max(0, ...whole.map(({ distance }) => distance))),
  };
}

function hasRows({ window, rest }: PastWindow): boolean {
  return presentRows(window) >= fewestRows && presentRows(rest) >= fewestRows;
}

interface Beyond {
  values: number;
  shares: number;
}

/** By the mean square of each test's statistic over what it would be (as Rao and Scott, 1981, correct a chi-square of clustered rows). */
function beyond(compared: readonly ComparedPast[]): Beyond {
  const rows = compared.reduce((sum, each) => sum + each.rows, 0);
  const over = (of: (each: ComparedPast) => number) =>
    Math.max(0, compared.reduce((sum, each) => sum + of(each) - 1, 0) / (rows || 1));
  const kinds = Math.max(0, ...compared.map(({ squares }) => squares.length));
  const values = Array.from({ length: kinds }, (_, at) => over(({ squares }) => squares[at] ?? 1));
  return { values: Math.max(0, ...values), shares: over(({ shares }) => shares) };
}

interface ComparedPast {
  /** Of each test: its square over what independent rows would bring on average. */
  squares: number[];
  shares: number;
  distance: number;
  /** 1 / (1/n + 1/m). */
  rows: number;
}

function comparePast({ window, rest }: PastWindow): ComparedPast {
  const { statistics, effects } = compareColumn(rest, { state: "counted", distribution: window });
  const [n, m] = [presentRows(window), presentRows(rest)];
  const rows = (n * m) / (n + m);
  const { rankSum, ks, chiSquare } = statistics;
  const squares = [
    ...(rankSum ? [rankSum.z ** 2] : []),
    ...(ks ? [(ks.statistic ** 2 * rows) / kolmogorovSquare] : []),
    ...(chiSquare ? [chiSquare.statistic / chiSquare.degrees] : []),
  ];
  const missing = twoProportions(
    { count: rest.missing, rows: rest.rows },
    { count: window.missing, rows: window.rows },
  );
  return { squares, shares: (missing?.z ?? 0) ** 2, distance: effects[0]?.value ?? 0, rows };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** The loss of the rows of one part of a window. */
interface PartLoss {
  rows: number;
  mean: number;
  variance: number;
}

/**
 * How much the mean loss differs from window to window, beyond what independent rows bring, as `Spread.values` is. null for
 * fewer than 2 windows, and for a loss that never varies.
 */
export function lossSpread(windows: readonly (readonly PartLoss[])[]): ReferencePast["performance"] {
  if (windows.length < fewestWithParts) return null;
  const parts = windows.flat().filter(({ rows }) => rows > 1);
  const wholes = windows.map((each) => total(each)).filter(({ rows }) => rows > 1);
  const { variance } = total(parts);
  if (!(variance > 0) || parts.length < fewestWithParts * partsOfWindow) return null;
  const enough = wholes.length >= fewestWindows;
  const ofParts = excess(parts, variance) / partsOfWindow;
  return {
    windows: windows.length,
    freedom: enough ? wholes.length - 1 : parts.length - 1,
    values: Number(Math.max(0, ofParts, enough ? excess(wholes, variance) : 0).toPrecision(4)),
  };
}

function total(parts: readonly PartLoss[]): PartLoss {
  const rows = parts.reduce((sum, each) => sum + each.rows, 0);
  const mean = parts.reduce((sum, each) => sum + each.rows * each.mean, 0) / rows;
  const squares = parts.reduce((sum, each) => sum + each.rows * (each.variance + (each.mean - mean) ** 2), 0);
  return { rows, mean, variance: squares / rows };
}

/** By the mean square of each one's distance from the rest, over its standard error. */
function excess(parts: readonly PartLoss[], variance: number): number {
  const all = total(parts);
  let [sum, scale] = [0, 0];
  for (const { rows, mean } of parts) {
    const rest = all.rows - rows;
    const weight = (rows * rest) / all.rows;
    const difference = mean - (all.rows * all.mean - rows * mean) / rest;
    sum += (difference ** 2 * weight) / variance - 1;
    scale += weight;
  }
  return sum / scale;
}

/** What is stored of a prediction, and the metric that it is judged by. */
interface ScoredColumns {
  target: string;
  classes: readonly string[];
  /** `prediction`, or `label` and a probability for each class. */
  stored: readonly string[];
  metric: string;
}

/** How much the loss on the test split differs from window to window; null when it has no times or too few windows. */
export async function lossPast(
  session: Session,
  from: string,
  { target, classes, stored, metric }: ScoredColumns,
  { time, window }: PastRows,
): Promise<ReferencePast["performance"]> {
  const grid = time && windowGrid(time.span, window);
  if (!time || !grid) return null;
  const loss = lossSql(lossOfMetric(metric, classes.length === 0).loss, { target, classes, predicted: stored });
  const rows = await session.rows(
    `SELECT part, count(loss) AS rows, avg(loss) AS mean, var_pop(loss) AS variance FROM
      (SELECT ${partOf(grid, time.sql)} AS part, ${loss} AS loss FROM ${from})
      WHERE part IS NOT NULL AND isfinite(loss) GROUP BY part`,
  );
  const found = new Map(rows.map((row) => [Number(row.part), row]));
  const windows = Array.from({ length: grid.count }, (_, each) =>
    Array.from({ length: partsOfWindow }, (__, part): PartLoss => {
      const row = found.get(each * partsOfWindow + part);
      return { rows: Number(row?.rows ?? 0), mean: Number(row?.mean ?? 0), variance: Number(row?.variance ?? 0) };
    }),
  );
  return lossSpread(windows);
}

/** Rows of columns on the same edges or categories together, each counted so many times; least and most are of the first. */
export function addDistributions(parts: readonly { column: Distribution; times: number }[]): Distribution {
  const [first] = parts;
  if (!first) throw new Error("nothing to add");
  return first.column.kind === "numeric"
    ? addNumbers(parts as readonly Part<NumericDistribution>[])
    : addCategories(parts as readonly Part<CategoryDistribution>[]);
}

interface Part<Column> {
  column: Column;
  times: number;
}

/** What is left of a reference without a part of it. */
function without(whole: Distribution, part: Distribution): Distribution {
  return addDistributions([
    { column: whole, times: 1 },
    { column: part, times: -1 },
  ]);
}

function addNumbers(parts: readonly Part<NumericDistribution>[]): NumericDistribution {
  const sum = sumOver(parts);
  const present = sum(presentOf);
  const mean = present > 0 ? sum((each) => presentOf(each) * (each.mean ?? 0)) / present : null;
  const squares = sum((each) => presentOf(each) * ((each.mean ?? 0) ** 2 + (each.deviation ?? 0) ** 2));
  const first = parts[0]!.column;
  return {
    ...first,
    rows: sum(({ rows }) => rows),
    missing: sum(({ missing }) => missing),
    infinite: sum(({ infinite }) => infinite),
    mean,
    deviation: mean === null ? null : Math.sqrt(Math.max(0, squares / present - mean * mean)),
    counts: first.counts.map((_, at) => sum(({ counts }) => counts[at] ?? 0)),
    equal: first.equal?.map((_, at) => sum(({ equal }) => equal?.[at] ?? 0)) ?? null,
    below: sum(({ below }) => below),
    above: sum(({ above }) => above),
  };
}

function presentOf({ rows, missing, infinite }: NumericDistribution): number {
  return rows - missing - infinite;
}

function addCategories(parts: readonly Part<CategoryDistribution>[]): CategoryDistribution {
  const sum = sumOver(parts);
  const first = parts[0]!.column;
  return {
    ...first,
    rows: sum(({ rows }) => rows),
    missing: sum(({ missing }) => missing),
    categories: first.categories.map(({ value }, at) => ({
      value,
      rows: sum(({ categories }) => categories[at]?.rows ?? 0),
    })),
    other: sum(({ other }) => other),
  };
}

/** No sum of rows is less than nothing, whatever rounding left. */
function sumOver<Column>(parts: readonly Part<Column>[]): (value: (column: Column) => number) => number {
  return (value) => {
    const total = parts.reduce((sum, { column, times }) => sum + times * value(column), 0);
    return Math.abs(total) < 1e-9 ? 0 : total;
  };
}
