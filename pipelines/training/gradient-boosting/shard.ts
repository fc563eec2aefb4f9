import { type Board, RESULTS } from "./board.ts";
import { addRows, columnViews, type HistogramLayout } from "./histogram.ts";
import { lossOf } from "./losses/index.ts";
import type { Loss, LossRows, LossSpec } from "./losses/loss.ts";
import { hash32 } from "./random.ts";

/** What a thread needs to work on its rows; every large array is shared memory. */
export interface ShardPlan {
  /** Number of the shard among those of the board. */
  shard: number;
  /** Its rows: `begin` inclusive, `end` exclusive. */
  begin: number;
  end: number;
  codes: readonly Uint8Array[];
  /** Bins by column, which is also the code of a missing value. */
  bins: readonly number[];
  targets: Float64Array;
  loss: LossSpec;
  base: readonly number[];
  layout: HistogramLayout;
  countWeight: number;
  hessianScale: number;
  lossScale: number;
  seed: number;
  subsample: number;
  /** Share of the rows that are kept from training, for early stopping. */
  validationShare: number;
  board: Board;
}

/** Commands of the main thread, with their arguments. */
export const OP = {
  /** Losses of all rows at the current scores. Results: training rows, validation rows, and the sum of losses of each. */
  observe: 0,
  /** (output, scale): first and second derivatives in fixed point. Result: sum of the absolute gradients. */
  derive: 1,
  /** (round): all the tree's rows to node 0, and its histogram. */
  plant: 2,
  /** (node, histogramOf): rows of `node` to its children, and the histogram of node `histogramOf` unless it is -1. */
  split: 3,
  /** (node): the histogram of a node. */
  histogram: 4,
  /** (output): adds the finished tree to the scores. */
  add: 5,
  /** Ends the thread. */
  stop: 6,
} as const;

// Rounds of the generator that draw other things than a tree's rows.
const VALIDATION_DRAW = -1;

/** A contiguous part of the rows and all that is done with them; a thread owns one, so threads never write to one place. */
export class Shard {
  readonly #plan: ShardPlan;
  readonly #loss: Loss;
  readonly #rows: LossRows;
  readonly #codes: Uint8Array[];
  readonly #histogram: Float64Array;
  readonly #views: Float64Array[];
  /** Rows that trees may learn from, ascending. */
  readonly #trainable: Int32Array;
  /** Rows of the current tree, those of a node side by side. */
  readonly #order: Int32Array;
  readonly #scratch: Int32Array;
  readonly #nodeBegin: Int32Array;
  readonly #nodeEnd: Int32Array;
  readonly #gradients: Float64Array;
  readonly #hessians: Float64Array;
  /** Gradients, or gradients and hessians, of a node's rows in their order. */
  readonly #ordered: Float64Array;
  readonly #losses: Float64Array;

  constructor(plan: ShardPlan) {
    const { begin, end, board, layout, shard, base } = plan;
    const rows = end - begin;
    const nodes = board.tree.column.length;
    this.#plan = plan;
    this.#loss = lossOf(plan.loss);
    const scores = new Float64Array(rows * this.#loss.outputs);
    base.forEach((score, output) => {
      scores.fill(score, output * rows, (output + 1) * rows);
    });
    const probabilities = new Float64Array(this.#loss.unitHessian ? 0 : rows * this.#loss.outputs);
    this.#rows = { rows, targets: plan.targets.subarray(begin, end), scores, probabilities };
    this.#codes = plan.codes.map((codes) => codes.subarray(begin, end));
    this.#histogram = board.histograms[shard]!;
    this.#views = columnViews(this.#histogram, layout);
    this.#trainable = this.#drawTrainable();
    this.#order = new Int32Array(rows);
    this.#scratch = new Int32Array(rows);
    this.#nodeBegin = new Int32Array(nodes);
    this.#nodeEnd = new Int32Array(nodes);
    this.#gradients = new Float64Array(rows);
    this.#hessians = new Float64Array(this.#loss.unitHessian ? 0 : rows);
    this.#ordered = new Float64Array(rows * layout.channels);
    this.#losses = new Float64Array(rows);
  }

  /** Does the command on the board. */
  run(): void {
    const [op, a, b] = this.#plan.board.command as unknown as [number, number, number];
    if (op === OP.observe) this.#observe();
    else if (op === OP.derive) this.#derive(a, b);
    else if (op === OP.plant) this.#plant(a);
    else if (op === OP.split) this.#split(a, b);
    else if (op === OP.histogram) this.#build(a);
    else if (op === OP.add) this.#add(a);
  }

  #result(index: number, value: number): void {
    this.#plan.board.results[this.#plan.shard * RESULTS + index] = value;
  }

  #drawTrainable(): Int32Array {
    const { begin, end, seed, validationShare } = this.#plan;
    const all = Int32Array.from({ length: end - begin }, (_, row) => row);
    if (validationShare === 0) return all;
    const limit = validationShare * 2 ** 32;
    return all.filter((row) => hash32(seed, VALIDATION_DRAW, begin + row) >= limit);
  }

  #observe(): void {
    const losses = this.#losses;
    this.#loss.observe(this.#rows, losses);
    const { lossScale } = this.#plan;
    let all = 0;
    for (let row = 0; row < losses.length; row++) all += Math.round(losses[row]! * lossScale);
    let train = all;
    if (this.#trainable.length < losses.length) {
      train = 0;
      for (const row of this.#trainable) train += Math.round(losses[row]! * lossScale);
    }
    this.#result(0, this.#trainable.length);
    this.#result(1, losses.length - this.#trainable.length);
    this.#result(2, train);
    this.#result(3, all - train);
  }

  #derive(output: number, scale: number): void {
    const gradients = this.#gradients;
    const hessians = this.#hessians;
    const { countWeight, hessianScale } = this.#plan;
    this.#loss.derivatives(this.#rows, output, gradients, hessians);
    let sum = 0;
    for (let row = 0; row < gradients.length; row++) {
      const rounded = Math.round(gradients[row]! * scale);
      sum += Math.abs(rounded);
      gradients[row] = rounded + countWeight;
    }
    for (let row = 0; row < hessians.length; row++) hessians[row] = Math.round(hessians[row]! * hessianScale);
    this.#result(0, sum);
  }

  #plant(round: number): void {
    const { begin, seed, subsample } = this.#plan;
    const trainable = this.#trainable;
    let count = trainable.length;
    if (subsample === 1) this.#order.set(trainable);
    else {
      const limit = subsample * 2 ** 32;
      count = 0;
      for (const row of trainable) if (hash32(seed, round, begin + row) < limit) this.#order[count++] = row;
    }
    this.#nodeBegin[0] = 0;
    this.#nodeEnd[0] = count;
    this.#build(0);
  }

  #build(node: number): void {
    const { channels } = this.#plan.layout;
    const { columns } = this.#plan.board;
    const rows = this.#order.subarray(this.#nodeBegin[node]!, this.#nodeEnd[node]!);
    this.#histogram.fill(0);
    if (channels === 1) gather(this.#gradients, rows, this.#ordered);
    else gatherPairs(this.#gradients, this.#hessians, rows, this.#ordered);
    const used = columns.subarray(1, 1 + columns[0]!);
    addRows(used, this.#views, this.#codes, rows, this.#ordered, channels);
  }

  #split(node: number, histogramOf: number): void {
    const { tree } = this.#plan.board;
    const begin = this.#nodeBegin[node]!;
    const end = this.#nodeEnd[node]!;
    const column = tree.column[node]!;
    const goesLeft = sides(tree.bin[node]!, this.#plan.bins[column]!, tree.missingLeft[node]!);
    const middle = begin + partition(this.#order.subarray(begin, end), this.#scratch, this.#codes[column]!, goesLeft);
    const left = tree.left[node]!;
    const right = tree.right[node]!;
    this.#nodeBegin[left] = begin;
    this.#nodeEnd[left] = middle;
    this.#nodeBegin[right] = middle;
    this.#nodeEnd[right] = end;
    if (histogramOf >= 0) this.#build(histogramOf);
  }

  #add(output: number): void {
    const { tree } = this.#plan.board;
    const { rows, scores } = this.#rows;
    const target = scores.subarray(output * rows, (output + 1) * rows);
    if (this.#nodeEnd[0]! < rows) this.#descend(target);
    else this.#addLeaves(target, 0, tree.column);
  }

  /** All rows are in the tree's leaves: add leaf by leaf. */
  #addLeaves(scores: Float64Array, node: number, column: Int32Array): void {
    const { tree } = this.#plan.board;
    if (column[node]! < 0) {
      addToRows(scores, this.#order.subarray(this.#nodeBegin[node]!, this.#nodeEnd[node]!), tree.value[node]!);
      return;
    }
    this.#addLeaves(scores, tree.left[node]!, column);
    this.#addLeaves(scores, tree.right[node]!, column);
  }

  /** Some rows were left out of the tree: every row walks from the root. */
  #descend(scores: Float64Array): void {
    const { column, bin, missingLeft, left, right, value } = this.#plan.board.tree;
    const { bins } = this.#plan;
    for (let row = 0; row < scores.length; row++) {
      let node = 0;
      for (let at = column[0]!; at >= 0; at = column[node]!) {
        const code = this.#codes[at]![row]!;
        const goesLeft = code === bins[at]! ? missingLeft[node] === 1 : code <= bin[node]!;
        node = goesLeft ? left[node]! : right[node]!;
      }
      scores[row]! += value[node]!;
    }
  }
}

/** 1 for each bin code that goes left. */
function sides(bin: number, bins: number, missingLeft: number): Uint8Array {
  const goesLeft = new Uint8Array(256).fill(1, 0, bin + 1);
  goesLeft[bins] = missingLeft;
  return goesLeft;
}

/** Moves the rows that go left to the front, both sides in their old order; gives how many. Writes to both sides, since a branch would be mispredicted. */
function partition(rows: Int32Array, scratch: Int32Array, codes: Uint8Array, goesLeft: Uint8Array): number {
  let left = 0;
  let right = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const isLeft = goesLeft[codes[row]!]!;
    rows[left] = row;
    scratch[right] = row;
    left += isLeft;
    right += 1 - isLeft;
  }
  rows.set(scratch.subarray(0, right), left);
  return left;
}

function gather(values: Float64Array, rows: Int32Array, ordered: Float64Array): void {
  for (let i = 0; i < rows.length; i++) ordered[i] = values[rows[i]!]!;
}

function gatherPairs(first: Float64Array, second: Float64Array, rows: Int32Array, ordered: Float64Array): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    ordered[2 * i] = first[row]!;
    ordered[2 * i + 1] = second[row]!;
  }
}

function addToRows(scores: Float64Array, rows: Int32Array, value: number): void {
  for (let i = 0; i < rows.length; i++) scores[rows[i]!]! += value;
}
