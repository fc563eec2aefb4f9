import { type Board, createBoard } from "./board.ts";
import type { EncodedColumn } from "./encode-columns.ts";
import { exactScale, powerOfTwoBelow } from "./fixed-point.ts";
import { type HistogramLayout, histogramLayout } from "./histogram.ts";
import { compileKernel } from "./kernel.ts";
import { type LeafResiduals, leafResiduals } from "./leaf-residuals.ts";
import { lossOf } from "./losses/index.ts";
import type { Loss, LossSpec } from "./losses/loss.ts";
import type { Directions } from "./monotone.ts";
import type { BoostingParams } from "./params.ts";
import type { ShardPlan } from "./shard.ts";
import { allocate, mapMemory } from "./shard-memory.ts";
import { Team } from "./team.ts";

/** Fewer cells (rows × columns) than this are done sooner by one thread than by several that wait for each other. */
const CELLS_PER_THREAD = 250_000;

/** What is to be learnt, in the form that threads share. */
export interface Examples {
  columns: readonly EncodedColumn[];
  /** Regression: the value; classification: the class's index. Shared memory. */
  targets: Float64Array;
  loss: LossSpec;
  /** Monotone constraints; none when left out. */
  directions?: Directions | null;
}

/** A training under way: its threads, and the constants of its fixed-point numbers. */
export interface Training {
  team: Team;
  board: Board;
  layout: HistogramLayout;
  loss: Loss;
  base: readonly number[];
  countWeight: number;
  hessianScale: number;
  lossScale: number;
  /** For a loss whose leaves take their values from residuals. */
  residuals: LeafResiduals | null;
  /** Scale at which the largest first gradient certainly fits. */
  firstGradientScale: number;
}

/** Divides the rows over at most `threads` threads and starts them; the nodes' histograms take at most `mostBytes`. */
export async function startTraining(
  { columns, targets, loss: spec, directions = null }: Examples,
  params: BoostingParams,
  seed: number,
  threads: number,
  mostBytes?: number,
): Promise<Training> {
  const rows = targets.length;
  const loss = lossOf(spec);
  const layout = histogramLayout(columns, loss.unitHessian ? 1 : 2);
  const shards = Math.max(1, Math.min(threads, Math.floor((rows * columns.length) / CELLS_PER_THREAD)));
  const { maxLeaves } = params;
  const board = createBoard({ shards, columns: columns.length, maxLeaves, mostBytes }, layout);
  const residuals = loss.leafOf ? leafResiduals(rows, shards, 2 * maxLeaves - 1) : null;
  const { base, largestGradient, largestHessian = 1, largestLoss } = loss.start(targets);
  const countWeight = powerOfTwoBelow(2 ** 53 / (rows + 1));
  const scales = {
    countWeight,
    hessianScale: Math.min(exactScale(rows, largestHessian), powerOfTwoBelow(2 ** 30 / largestHessian)),
    lossScale: exactScale(rows, 4 * largestLoss),
  };
  const codes = columns.map((column) => column.codes);
  const outputs = columns.map((column) => column.output);
  const kernel = compileKernel();
  const fixed = { codes, outputs, kernel, targets, loss: spec, base, layout, board, residuals };
  const common = { ...fixed, rules: params, directions };
  const { subsample } = params;
  const validationShare = params.earlyStopping > 0 ? params.validationShare : 0;
  const plans = Array.from({ length: shards }, (_, shard): ShardPlan => {
    const [begin, end] = [Math.floor((rows * shard) / shards), Math.floor((rows * (shard + 1)) / shards)];
    const memory = allocate(mapMemory(end - begin, outputs, layout));
    return { ...common, ...scales, memory, shard, begin, end, seed, subsample, validationShare };
  });
  const team = await Team.start(plans);
  const firstGradientScale = exactScale(rows, 4 * rows * largestGradient);
  return { team, board, residuals, layout, loss, base, firstGradientScale, ...scales };
}
