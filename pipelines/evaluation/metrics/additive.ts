import { type Cells, weightedSum } from "../cells.ts";
import type { Formula, WeightedScore } from "./metric.ts";

/** A formula that is a smooth function of means over rows. */
export interface AdditiveFormula<Scored> extends Omit<Formula<Scored>, "prepare" | "visitsRows"> {
  /** How many means it needs. */
  means(scored: Scored): number;
  /** Adds each row's terms to its cell: `sums[mean][cellOf[row]] += term`. */
  add(scored: Scored, cellOf: Uint16Array, sums: readonly Float64Array[]): void;
  value(means: Float64Array): number;
}

/** Keeps sums per cell, so that a replicate costs cells, not rows: the weighted mean is Σ weight·sum / Σ weight·size. */
export function additive<Scored>(metric: AdditiveFormula<Scored>): Formula<Scored> {
  const { means, add, value, ...rest } = metric;
  return { ...rest, visitsRows: false, prepare: (scored, cells) => prepare(metric, scored, cells) };
}

function prepare<Scored>(metric: AdditiveFormula<Scored>, scored: Scored, cells: Cells): WeightedScore {
  const sums = Array.from({ length: metric.means(scored) }, () => new Float64Array(cells.count));
  metric.add(scored, cells.of, sums);
  const means = new Float64Array(sums.length);
  return (weights, rows) => {
    for (let mean = 0; mean < means.length; mean++) means[mean] = weightedSum(sums[mean]!, weights) / rows;
    return rows === 0 ? Number.NaN : metric.value(means);
  };
}
