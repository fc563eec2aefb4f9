import { ABSENT, type BinOrder, orderBins } from "./category-split.ts";
import type { HistogramLayout } from "./histogram.ts";
import type { Directions } from "./monotone.ts";
import { type HistogramUnits, type NodeSums, unpack } from "./node-sums.ts";

import { clip, FREE, type LeafBounds } from "./value-bounds.ts";

/** The best way found to cut a node in two. */
export interface Split {
  column: number;
  /** By bin code, missing values last: 1 when it goes left. */
  sides: Uint8Array;
  /** Numbers only: the last bin that goes left. */
  bin: number;
  /** The children's objective, less what choosing among categories gains by chance. */
  score: number;
  /** How much the children's objective is better than the node's, less what choosing among categories gains by chance. */
  gain: number;
  left: NodeSums;
  right: NodeSums;
}

export interface SplitRules {
  minRows: number;
  l1: number;
  l2: number;
  /** See OrderRules. */
  smoothing: number;
}

/** All but the node that a search for a split depends on. */
export interface SplitSearch {
  /** Columns that may be split on. */
  columns: Int32Array;
  layout: HistogramLayout;
  units: HistogramUnits;
  rules: SplitRules;
  /** Mean square of the gradient per unit of hessian. */
  noise: number;
  /** Monotone constraints. */
  directions?: Directions | null;
}

/** A child with less second derivative than this has no reliable value; scikit-learn's bound. */
const MIN_HESSIAN = 1e-3;

/** Added and taken away, it rounds a number below 2^51 to the nearest integer; Math.round takes three times as long. */
const TO_INTEGER = 2 ** 52;

/** Gains below this share of the objective are rounding. */
const MIN_GAIN = 1e-10;

/** Leaf value −T(G) / (H + l2), the minimum of the second-order objective (Chen and Guestrin 2016, eq. 5); T is soft thresholding by l1. */
export function leafValue({ gradient, hessian }: NodeSums, { l1, l2 }: SplitRules): number {
  const weight = hessian + l2;
  return weight > 0 ? -shrink(gradient, l1) / weight : 0;
}

function shrink(gradient: number, l1: number): number {
  return l1 === 0 ? gradient : Math.sign(gradient) * Math.max(Math.abs(gradient) - l1, 0);
}

/** The leaf value within the bounds. */
export function boundedValue(sums: NodeSums, rules: SplitRules, bounds: LeafBounds): number {
  return clip(leafValue(sums, rules), bounds);
}

/** What the objective is when a leaf has this value, not necessarily the best. */
function boundedObjective({ gradient, hessian }: NodeSums, value: number, { l1, l2 }: SplitRules): number {
  return -2 * (gradient * value + l1 * Math.abs(value)) - (hessian + l2) * value * value;
}

/** Both children's objective within the bounds; -∞ when their values go against the column's direction. */
function constrainedObjective(
  left: NodeSums,
  right: NodeSums,
  direction: number,
  rules: SplitRules,
  bounds: LeafBounds,
): number {
  const [low, high] = [boundedValue(left, rules, bounds), boundedValue(right, rules, bounds)];
  if ((high - low) * direction < 0) return Number.NEGATIVE_INFINITY;
  return boundedObjective(left, low, rules) + boundedObjective(right, high, rules);
}

function objective(gradient: number, hessian: number, l1: number, l2: number): number {
  const kept = shrink(gradient, l1);
  return hessian + l2 > 0 ? (kept * kept) / (hessian + l2) : 0;
}

/** Where the best cut so far is. */
interface BestCut {
  /** Children's objective, less the handicap. */
  score: number;
  column: number;
  /** Position of the last cell on the left. */
  cut: number;
  missingLeft: boolean;
  packed: number;
  hessian: number;
  /** null for a number. */
  order: BinOrder | null;
  /** Of the node. */
  bounds: LeafBounds;
}

/**
 * The split of a node with the largest gain, the first of equals; null when none is allowed or none improves. Missing
 * values are tried on both sides of a number's cut. What the node has no rows of goes with the larger child.
 */
export function bestSplit(
  node: NodeSums,
  views: readonly Float64Array[],
  search: SplitSearch,
  bounds = FREE,
): Split | null {
  const { columns, layout, rules, directions } = search;
  const before = directions
    ? boundedObjective(node, boundedValue(node, rules, bounds), rules)
    : objective(node.gradient, node.hessian, rules.l1, rules.l2);
  const best: BestCut = {
    score: before,
    column: -1,
    cut: 0,
    missingLeft: false,
    packed: 0,
    hessian: 0,
    order: null,
    bounds,
  };
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i]!;
    if (layout.isCategory[column]) cutCategory(node, column, views[column]!, search, best);
    else cutNumber(node, column, views[column]!, search, best);
  }
  if (best.column < 0 || best.score - before <= MIN_GAIN * (Math.abs(best.score) + Math.abs(before))) return null;
  const left = unpack(best.packed, best.hessian, layout.channels, search.units);
  const right = {
    rows: node.rows - left.rows,
    gradient: node.gradient - left.gradient,
    hessian: node.hessian - left.hessian,
  };
  const sides = sidesOf(best, views[best.column]!, layout.channels, left.rows >= right.rows);
  const { column, cut: bin, score } = best;
  return { column, sides, bin, score, gain: score - before, left, right };
}

function cutNumber(node: NodeSums, column: number, cells: Float64Array, search: SplitSearch, best: BestCut): void {
  const { channels } = search.layout;
  const end = cells.length - channels;
  const [packed, hessian] = [cells[end]!, channels === 2 ? cells[end + 1]! : 0];
  if (scan(node, column, cells, end, 0, 0, 0, search, best)) {
    best.order = null;
    best.missingLeft = false;
  }
  if (packed !== 0 && scan(node, column, cells, end, packed, hessian, 0, search, best)) {
    best.order = null;
    best.missingLeft = true;
  }
}

/**
 * Without any effect, k means in their order, cut in the middle, still seem to explain 2/π · k times the noise (the
 * squared mean of half a normal distribution). A number's cuts have no such choice, so that much of the gain does not count.
 */
function cutCategory(node: NodeSums, column: number, cells: Float64Array, search: SplitSearch, best: BestCut): void {
  const { layout, noise, rules, units } = search;
  const { channels } = layout;
  const order = orderBins(cells, channels, node, units, rules);
  const handicap = (2 / Math.PI) * noise * Math.max(0, order.cells.length / channels - 2);
  if (scan(node, column, order.cells, order.cells.length, 0, 0, handicap, search, best)) best.order = order;
}

/** By bin code, missing values last: 1 when it goes left. */
function sidesOf(best: BestCut, cells: Float64Array, channels: 1 | 2, absentLeft: boolean): Uint8Array {
  const sides = new Uint8Array(cells.length / channels).fill(Number(absentLeft));
  if (best.order) {
    best.order.positions.forEach((position, code) => {
      if (position !== ABSENT) sides[code] = Number(position <= best.cut);
    });
    return sides;
  }
  const missing = sides.length - 1;
  sides.fill(1, 0, best.cut + 1).fill(0, best.cut + 1, missing);
  if (cells[missing * channels] !== 0) sides[missing] = Number(best.missingLeft);
  return sides;
}

/**
 * Tries every cut of the cells up to `end`, with `packed` and `hessian` (those of missing values, or nothing) on the left
 * from the start. Tells whether one is better than the best so far, which it then is.
 */
function scan(
  node: NodeSums,
  column: number,
  cells: Float64Array,
  end: number,
  packed: number,
  hessian: number,
  handicap: number,
  { layout, units, rules, directions }: SplitSearch,
  best: BestCut,
): boolean {
  const { channels } = layout;
  const { countWeight } = units;
  const { minRows, l1, l2 } = rules;
  const perCount = 1 / countWeight;
  const perGradient = 1 / units.gradientScale;
  const perHessian = 1 / units.hessianScale;
  let isBetter = false;
  for (let i = 0; i < end; i += channels) {
    const cell = cells[i]!;
    // Without rows the cut is the one before.
    if (cell === 0) continue;
    packed += cell;
    if (channels === 2) hessian += cells[i + 1]!;
    const rows = packed * perCount + TO_INTEGER - TO_INTEGER;
    if (rows < minRows) continue;
    if (node.rows - rows < minRows) break;
    const gradient = (packed - rows * countWeight) * perGradient;
    const weight = channels === 1 ? rows : hessian * perHessian;
    const otherWeight = node.hessian - weight;
    if (weight < MIN_HESSIAN || otherWeight < MIN_HESSIAN) continue;
    const children = directions
      ? constrainedObjective(
          { rows, gradient, hessian: weight },
          { rows: node.rows - rows, gradient: node.gradient - gradient, hessian: otherWeight },
          directions[column]!,
          rules,
          best.bounds,
        )
      : objective(gradient, weight, l1, l2) + objective(node.gradient - gradient, otherWeight, l1, l2);
    const score = children - handicap;
    if (score > best.score) {
      isBetter = true;
      best.score = score;
      best.column = column;
      best.cut = i / channels;
      best.packed = packed;
      best.hessian = hessian;
    }
  }
  return isBetter;
}
