import { twoProportions } from "../../../statistics/tails/two-proportions.ts";
import { compareColumn } from "../../drift/compare-column.ts";
import { type Distribution, presentRows } from "../distribution.ts";
import { addDistributions, without } from "./add-distributions.ts";
import { fewestWindows, fewestWithParts, partsOfWindow, type Spread } from "./past.ts";

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
