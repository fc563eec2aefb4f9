import { drawResamples, type Resamples } from "./resamples.ts";

/** How the intervals of one evaluation are drawn. */
export interface IntervalPlan {
  confidence: number;
  seed: number;
  resamples: Resamples;
  /** Replicates of metrics that visit every row. */
  rowReplicates: number;
  /** Cells at most for all rows, and for one slice. */
  cells: number;
  sliceCells: number;
}

const replicates = 1000;
const fewestRowReplicates = 200;
/** Row visits that metrics such as roc_auc may take, about 0.2 s each. */
const rowVisits = 2e8;

/**
 * 1,000 replicates of 2,000 cells, which fixes an interval's ends to a few per cent of its width. Bounds the work where it
 * would grow: fewer replicates of metrics that visit rows (200 at least), fewer cells with many classes, and 250 cells in a
 * slice, whose own rows are the larger uncertainty.
 */
export function planIntervals(rows: number, classes: number, confidence: number, seed: number): IntervalPlan {
  const models = 2;
  const affordable = Math.floor(rowVisits / (rows * models * Math.max(1, classes)));
  return {
    confidence,
    seed,
    resamples: drawResamples(seed, replicates),
    rowReplicates: Math.min(replicates, Math.max(fewestRowReplicates, affordable)),
    cells: Math.max(250, Math.min(2000, Math.floor(32_000 / Math.max(1, classes)))),
    sliceCells: 250,
  };
}
