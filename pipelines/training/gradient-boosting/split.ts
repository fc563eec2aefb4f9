import type { HistogramLayout } from "./histogram.ts";

/** Sums over the rows of a node; gradient and hessian in the loss's own unit. */
export interface NodeSums {
  rows: number;
  gradient: number;
  hessian: number;
}

/** The best way found to cut a node in two. */
export interface Split {
  column: number;
  /** Last bin that goes left. */
  bin: number;
  missingLeft: boolean;
  /** How much the children's objective is better than the node's. */
  gain: number;
  left: NodeSums;
  right: NodeSums;
}

/** What the numbers of a histogram mean: see HistogramLayout. */
export interface HistogramUnits {
  countWeight: number;
  gradientScale: number;
  hessianScale: number;
}

export interface SplitRules {
  minRows: number;
  l1: number;
  l2: number;
}

/** A child with less second derivative than this has no reliable value; scikit-learn's bound. */
const MIN_HESSIAN = 1e-3;

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

function objective(gradient: number, hessian: number, l1: number, l2: number): number {
  const kept = shrink(gradient, l1);
  return (kept * kept) / (hessian + l2);
}

/** Sums of a whole node, read from any one column's cells. */
export function nodeSums(cells: Float64Array, channels: 1 | 2, units: HistogramUnits): NodeSums {
  let packed = 0;
  let hessian = 0;
  for (let i = 0; i < cells.length; i += channels) {
    packed += cells[i]!;
    if (channels === 2) hessian += cells[i + 1]!;
  }
  return unpack(packed, hessian, channels, units);
}

function unpack(packed: number, hessian: number, channels: 1 | 2, units: HistogramUnits): NodeSums {
  const rows = Math.round(packed / units.countWeight);
  const gradient = (packed - rows * units.countWeight) / units.gradientScale;
  return { rows, gradient, hessian: channels === 1 ? rows : hessian / units.hessianScale };
}

/**
 * The split of a node with the largest gain over `columns`, the first of equals; null when none is allowed or none
 * improves. Missing values are tried on both sides; where the node has none they go with the larger child.
 */
export function bestSplit(
  node: NodeSums,
  columns: Int32Array,
  views: readonly Float64Array[],
  layout: HistogramLayout,
  units: HistogramUnits,
  rules: SplitRules,
): Split | null {
  const before = objective(node.gradient, node.hessian, rules.l1, rules.l2);
  const best = { score: before, column: -1, bin: 0, missingLeft: false, packed: 0, hessian: 0 };
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i]!;
    const cells = views[column]!;
    const missing = cells.length - layout.channels;
    scan(cells, layout.channels, column, false, node, units, rules, best);
    if (cells[missing] !== 0) scan(cells, layout.channels, column, true, node, units, rules, best);
  }
  if (best.column < 0 || best.score - before <= MIN_GAIN * (Math.abs(best.score) + before)) return null;
  const left = unpack(best.packed, best.hessian, layout.channels, units);
  const right = {
    rows: node.rows - left.rows,
    gradient: node.gradient - left.gradient,
    hessian: node.hessian - left.hessian,
  };
  const hasMissing = views[best.column]!.at(-layout.channels) !== 0;
  const missingLeft = hasMissing ? best.missingLeft : left.rows >= right.rows;
  return { column: best.column, bin: best.bin, missingLeft, gain: best.score - before, left, right };
}

interface BestSoFar {
  score: number;
  column: number;
  bin: number;
  missingLeft: boolean;
  packed: number;
  hessian: number;
}

/** Tries every cut of one column with its missing values on one side. */
function scan(
  cells: Float64Array,
  channels: 1 | 2,
  column: number,
  missingLeft: boolean,
  node: NodeSums,
  units: HistogramUnits,
  rules: SplitRules,
  best: BestSoFar,
): void {
  const { countWeight } = units;
  const { minRows, l1, l2 } = rules;
  const perCount = 1 / countWeight;
  const perGradient = 1 / units.gradientScale;
  const perHessian = 1 / units.hessianScale;
  const missing = cells.length - channels;
  let packed = missingLeft ? cells[missing]! : 0;
  let hessian = missingLeft && channels === 2 ? cells[missing + 1]! : 0;
  for (let i = 0; i < missing; i += channels) {
    packed += cells[i]!;
    if (channels === 2) hessian += cells[i + 1]!;
    const rows = Math.round(packed * perCount);
    if (rows < minRows) continue;
    if (node.rows - rows < minRows) break;
    const gradient = (packed - rows * countWeight) * perGradient;
    const weight = channels === 1 ? rows : hessian * perHessian;
    const otherWeight = node.hessian - weight;
    if (weight < MIN_HESSIAN || otherWeight < MIN_HESSIAN) continue;
    const score = objective(gradient, weight, l1, l2) + objective(node.gradient - gradient, otherWeight, l1, l2);
    if (score > best.score) {
      best.score = score;
      best.column = column;
      best.bin = i / channels;
      best.missingLeft = missingLeft;
      best.packed = packed;
      best.hessian = hessian;
    }
  }
}
