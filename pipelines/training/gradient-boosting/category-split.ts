import type { HistogramUnits, NodeSums } from "./node-sums.ts";

/** Steps between the smallest and the largest mean that still count as different. */
const STEPS = 2 ** 42;

/** Position of a bin that has no rows in the node. */
export const ABSENT = 0xffff;

/** A category column's bins in the order in which a cut may part them. */
export interface BinOrder {
  /** By bin code; rare bins share a position. */
  positions: Uint16Array;
  /** Sums by position: a histogram of the column in this order. */
  cells: Float64Array;
}

/** What decides the order. */
export interface OrderRules {
  /** Bins with fewer rows in the node share a position: their own means say nothing. */
  minRows: number;
  /** Units of hessian by which a mean is drawn towards the node's. */
  smoothing: number;
}

/**
 * Orders a category's bins by their mean gradient in the node. The best cut of a category in two is a cut of this order
 * (Fisher 1958; Breiman et al. 1984, §9.4), and at every node it is another, as other features explain their share.
 */
export function orderBins(
  cells: Float64Array,
  channels: 1 | 2,
  node: NodeSums,
  units: HistogramUnits,
  { minRows, smoothing }: OrderRules,
): BinOrder {
  const bins = cells.length / channels;
  const groups = new Float64Array((bins + 1) * channels);
  const groupOf = new Uint16Array(bins).fill(ABSENT);
  const rare = bins;
  let count = 0;
  for (let bin = 0; bin < bins; bin++) {
    const packed = cells[bin * channels]!;
    if (packed === 0) continue;
    const isRare = Math.round(packed / units.countWeight) < minRows;
    const group = isRare ? rare : count++;
    groupOf[bin] = group;
    for (let c = 0; c < channels; c++) groups[group * channels + c]! += cells[bin * channels + c]!;
  }
  if (groups[rare * channels] !== 0) {
    groups.copyWithin(count * channels, rare * channels);
    count++;
  }
  const sorted = sortKeys(meansOf(groups.subarray(0, count * channels), channels, node, units, smoothing));
  const positionOf = new Uint16Array(bins + 1);
  const ordered = new Float64Array(count * channels);
  sorted.forEach((group, position) => {
    positionOf[group] = position;
    for (let c = 0; c < channels; c++) ordered[position * channels + c] = groups[group * channels + c]!;
  });
  const lastGroup = count - 1;
  const positions = groupOf.map((group) => {
    if (group === ABSENT) return ABSENT;
    return positionOf[group === rare ? lastGroup : group]!;
  });
  return { positions, cells: ordered };
}

/** Mean gradient less the node's, by group. */
function meansOf(
  groups: Float64Array,
  channels: 1 | 2,
  node: NodeSums,
  units: HistogramUnits,
  smoothing: number,
): Float64Array {
  const typical = node.hessian > 0 ? node.gradient / node.hessian : 0;
  const means = new Float64Array(groups.length / channels);
  for (let group = 0; group < means.length; group++) {
    const packed = groups[group * channels]!;
    const rows = Math.round(packed / units.countWeight);
    const gradient = (packed - rows * units.countWeight) / units.gradientScale;
    const hessian = channels === 1 ? rows : groups[group * channels + 1]! / units.hessianScale;
    const weight = hessian + smoothing;
    means[group] = weight > 0 ? (gradient - typical * hessian) / weight : 0;
  }
  return means;
}

/** Indices in the order of their values, the smaller index first among equals; at most 256 of them. */
function sortKeys(values: Float64Array): Float64Array {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  const perStep = largest > 0 ? STEPS / largest : 0;
  // One number holds value and index, because sorting numbers without a comparison function is many times faster.
  for (let i = 0; i < values.length; i++) values[i] = Math.round(values[i]! * perStep) * 256 + i;
  values.sort();
  for (let i = 0; i < values.length; i++) values[i]! -= Math.floor(values[i]! / 256) * 256;
  return values;
}
