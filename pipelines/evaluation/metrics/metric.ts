import type { MetricName } from "../../config/metric-names.ts";
import type { Cells } from "../cells.ts";
import type { Direction } from "../evaluation.ts";

/** A score when each cell counts as often as its weight says, `rows` rows in all; NaN where the metric is not defined for such rows. */
export type WeightedScore = (weights: Uint16Array, rows: number) => number;

/** What a metric computes: a file here. `Scored` is what it reads: a regression's or a classification's rows. */
export interface Formula<Scored> {
  /** What the gate compares of a value; the value itself unless told. */
  judged?(value: number): number;
  /** Why these rows do not define the metric, or null when they do. */
  undefinedBecause?(scored: Scored): string | null;
  /** True when scoring once visits every row, not every cell: such metrics get fewer replicates on large data. */
  visitsRows: boolean;
  /** False where single rows bend the score, as those next to a median do: the jackknife does not know its spread. */
  smooth?: false;
  /** Does once what does not depend on the weights (sums per cell, sorting), because the bootstrap scores a thousand times. */
  prepare(scored: Scored, cells: Cells): WeightedScore;
}

/** A formula under the name and with the direction that the configs know it by. */
export interface Metric<Scored> extends Formula<Scored> {
  name: MetricName;
  direction: Direction;
}
