import type { Target } from "../../data/table.ts";
import { UserError } from "../../errors/expected-error.ts";
import type { EncodedColumn } from "./encode-columns.ts";
import { exactScale, largest, powerOfTwoBelow } from "./fixed-point.ts";
import { type HistogramLayout, histogramLayout } from "./histogram.ts";
import { allocate, compileKernel, mapMemory } from "./kernel.ts";
import { balancedWeights } from "./losses/class-weights.ts";
import { lossOf } from "./losses/index.ts";
import type { ClassLossSpec, Loss, LossSpec } from "./losses/loss.ts";
import { meanLimit, typicalDelta } from "./losses/regression.ts";
import type { Directions } from "./monotone.ts";
import type { BoostingParams } from "./params.ts";
import { OP, type ShardPlan } from "./shard.ts";
import { type Board, createBoard, type GrowingTree } from "./shared-search.ts";
import { Team } from "./team.ts";
import { clip, type LeafBounds, ValueBounds } from "./value-bounds.ts";

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

/** How far below the first gradients' precision it is worth to follow shrinking ones. */
const FINEST = 2 ** 40;

/** Shards keep gradients as such. */
const LARGEST_INT32 = 2 ** 31 - 1;

/**
 * Has the shards compute the gradients of `output` in fixed point and gives the scale used: the finest power of two for
 * which no sum of them reaches half a `countWeight` or leaves int32, within a factor of 8. It is searched from `guess`, the last round's.
 */
export async function deriveAtBestScale(
  team: Team,
  output: number,
  guess: number,
  limits: { countWeight: number; first: number },
): Promise<number> {
  const room = Math.min(limits.countWeight / 2, LARGEST_INT32);
  const finest = limits.first * FINEST;
  let scale = guess;
  for (;;) {
    await team.run(OP.derive, output, scale);
    const sum = team.result(0);
    const isFine = sum * 8 >= room || scale >= finest;
    if (sum < room && isFine) return scale;
    // After a coarse guess the sum may be all rounded away, hence the bound on one leap.
    const next = powerOfTwoBelow((scale * room) / 2 / Math.max(sum, room / 2 ** 20));
    scale = Math.min(next, finest);
  }
}

/** The loss that the params ask for; throws UserError where it does not suit the target. `targets` as in Examples. */
export function chooseLoss(target: Target, targets: Float64Array, params: BoostingParams): LossSpec {
  return target.task === "regression"
    ? regressionLoss(targets, params)
    : classificationLoss(target.classes.length, targets, params);
}

function regressionLoss(targets: Float64Array, params: BoostingParams): LossSpec {
  if (params.balanced) {
    const message = "class_weight is balanced, but the task is regression, which has no classes.";
    throw new UserError({ message, hint: "Remove class_weight.", key: "params.class_weight" });
  }
  const name = params.loss;
  if (name === "huber") return { name, delta: params.huberDelta > 0 ? params.huberDelta : typicalDelta(targets) };
  if (name === "quantile") return { name, quantile: params.quantile };
  if (name !== "poisson") return { name };
  checkCounts(targets);
  return { name, limit: meanLimit(targets) };
}

function checkCounts(targets: Float64Array): void {
  const row = targets.findIndex((target) => target < 0);
  const hint = "Use another loss, or check the target.";
  if (row >= 0) {
    const message = `loss: poisson needs targets of at least 0; row ${row + 1} of the train split has ${targets[row]}.`;
    throw new UserError({ message, hint, key: "params.loss" });
  }
  if (largest(targets) === 0) {
    throw new UserError({ message: "loss: poisson needs a target above 0; all are 0.", hint, key: "params.loss" });
  }
}

function classificationLoss(classes: number, codes: Float64Array, { balanced, loss }: BoostingParams): LossSpec {
  if (loss !== "squared") {
    const message = `loss: ${loss} is for regression, but the task is classification, which minimises the log loss.`;
    throw new UserError({ message, hint: "Remove loss.", key: "params.loss" });
  }
  const spec: ClassLossSpec = classes === 2 ? { name: "logistic" } : { name: "softmax", classes };
  return balanced ? { ...spec, weights: balancedWeights(codes, classes) } : spec;
}

/** Residuals (target − score) of the rows of a tree's leaves, by shard and leaf, in memory that all threads see. */
export interface LeafResiduals {
  /** [rows]; a shard writes where its rows are. */
  values: Float64Array;
  /** Begin and end by shard and node. */
  ranges: Int32Array;
  /** Most nodes of a tree. */
  nodes: number;
}

export function leafResiduals(rows: number, shards: number, nodes: number): LeafResiduals {
  return {
    values: new Float64Array(new SharedArrayBuffer(8 * rows)),
    ranges: new Int32Array(new SharedArrayBuffer(8 * shards * nodes)),
    nodes,
  };
}

/** The residuals of some leaves in all shards, ascending, and so the same however rows are divided among shards. */
function sortedResiduals({ values, ranges, nodes }: LeafResiduals, leaves: readonly number[]): Float64Array {
  const parts: Float64Array[] = [];
  for (const leaf of leaves) {
    for (let at = 2 * leaf; at < ranges.length; at += 2 * nodes)
      parts.push(values.subarray(ranges[at]!, ranges[at + 1]!));
  }
  const all = new Float64Array(parts.reduce((rows, part) => rows + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    all.set(part, filled);
    filled += part.length;
  }
  return all.sort();
}

/** What is done with the residuals of a tree's leaves. */
interface Renewal {
  residuals: LeafResiduals;
  /** The value that suits rows with these residuals, ascending and at least one. */
  leafOf: (residuals: Float64Array) => number;
  directions: Directions | null;
}

/**
 * Gives the leaves among a tree's first `nodes` nodes the values that suit their residuals. Under monotone constraints they are bounded
 * by the values that suit each side of a split as a whole: the bounds that the tree grew with are those of gradients, of another size.
 */
export function renewLeaves(tree: GrowingTree, nodes: number, { residuals, leafOf, directions }: Renewal): void {
  const bounds = new ValueBounds(directions);
  const suitable = (node: number, within: LeafBounds) => {
    const sorted = sortedResiduals(residuals, leavesBelow(tree, node));
    return clip(sorted.length > 0 ? leafOf(sorted) : 0, within);
  };
  // A node's children come after it.
  for (let node = 0; node < nodes; node++) {
    const column = tree.column[node]!;
    if (column < 0) tree.value[node] = Math.fround(suitable(node, bounds.of(node)));
    else if (directions) {
      const [left, right] = [tree.left[node]!, tree.right[node]!];
      const own = bounds.of(node);
      const free = directions[column] === 0;
      bounds.split(node, column, left, free ? [0, 0] : [suitable(left, own), suitable(right, own)]);
    }
  }
}

function leavesBelow({ column, left, right }: GrowingTree, node: number): number[] {
  const [leaves, open] = [[] as number[], [node]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (column[next]! < 0) leaves.push(next);
    else open.push(right[next]!, left[next]!);
  }
  return leaves;
}
