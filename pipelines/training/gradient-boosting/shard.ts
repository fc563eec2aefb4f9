import { fixedSum, fixedSumOf, toFixed } from "./fixed-point.ts";
import { BLOCK, columnViews, SIDES } from "./histogram.ts";
import { type Kernel, type MemoryMap, mapMemory, openKernel } from "./kernel.ts";
import { lossOf } from "./losses/index.ts";
import type { Loss, LossRows, LossSpec } from "./losses/loss.ts";
import { NodeRows } from "./node-rows.ts";
import { hash32 } from "./random.ts";
import { type Board, RESULTS, type SearchConstants, SharedSearch } from "./shared-search.ts";
import type { LeafResiduals } from "./start-training.ts";

/** What a thread needs to work on its rows; every large array is shared memory. */
export interface ShardPlan extends SearchConstants {
  /** Number of the shard among those of the board. */
  shard: number;
  /** Its rows: `begin` inclusive, `end` exclusive. */
  begin: number;
  end: number;
  /** Codes of all rows by column, which the shard copies into its memory. */
  codes: readonly Uint8Array[];
  /** By column: the one score whose trees use it, or null for all. */
  outputs: readonly (number | null)[];
  memory: WebAssembly.Memory;
  kernel: WebAssembly.Module;
  targets: Float64Array;
  loss: LossSpec;
  base: readonly number[];
  lossScale: number;
  seed: number;
  subsample: number;
  /** Share of the rows that are kept from training, for early stopping. */
  validationShare: number;
  board: Board;
  residuals: LeafResiduals | null;
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
  /** Residuals of the rows of every leaf. */
  residuals: 7,
  /** The histograms just built become a node's, and the best splits of nodes are looked for: see shared-search.ts. */
  search: 8,
} as const;

// A round of the generator that no tree draws its rows from.
const VALIDATION_DRAW = -1;

/** A contiguous part of the rows and all that is done with them; a thread owns one, so threads never write to one place. */
export class Shard {
  readonly #plan: ShardPlan;
  readonly #loss: Loss;
  readonly #rows: LossRows;
  readonly #kernel: Kernel;
  readonly #map: MemoryMap;
  readonly #bytes: Uint8Array;
  /** All histograms of the memory, and by column where they are copied from and to. */
  readonly #cells: Float64Array;
  readonly #copies: readonly { from: Float64Array; to: Float64Array }[];
  readonly #isTrain: Uint8Array;
  readonly #trainRows: Int32Array;
  readonly #nodeRows: NodeRows;
  readonly #search: SharedSearch;
  /** Derivatives in fixed point. */
  readonly #gradients: Int32Array;
  readonly #hessians: Int32Array;
  readonly #first = new Float64Array(BLOCK);
  readonly #second = new Float64Array(BLOCK);

  constructor(plan: ShardPlan) {
    const { begin, end, board, layout, base } = plan;
    const rows = end - begin;
    this.#plan = plan;
    this.#loss = lossOf(plan.loss);
    const scores = new Float64Array(rows * base.length);
    base.forEach((score, output) => {
      scores.fill(score, output * rows, (output + 1) * rows);
    });
    const probabilities = new Float64Array(this.#loss.unitHessian ? 0 : rows * base.length);
    this.#rows = { rows, targets: plan.targets.subarray(begin, end), scores, probabilities };
    this.#map = mapMemory(rows, plan.outputs, layout);
    this.#kernel = openKernel(plan.kernel, plan.memory);
    const { buffer } = plan.memory;
    this.#bytes = new Uint8Array(buffer);
    this.#copyCodes();
    this.#cells = new Float64Array(buffer, this.#map.histograms, (this.#map.histogramsEnd - this.#map.histograms) / 8);
    this.#copies = columnViews(board.histograms[plan.shard]!, layout).map((to, column) => {
      return { from: new Float64Array(buffer, this.#map.places[column]!.histogram, to.length), to };
    });
    this.#search = new SharedSearch(board, plan.shard, plan);
    this.#isTrain = drawTrain(plan);
    this.#trainRows = indicesOf(this.#isTrain);
    this.#nodeRows = new NodeRows(this.#kernel, this.#map, buffer, rows, board.tree.column.length);
    this.#gradients = new Int32Array(buffer, this.#map.gradients, rows);
    this.#hessians = new Int32Array(buffer, this.#map.hessians, this.#loss.unitHessian ? 0 : rows);
  }

  #copyCodes(): void {
    const { begin, end, codes } = this.#plan;
    this.#map.places.forEach((place, column) => {
      spread(codes[column]!.subarray(begin, end), this.#bytes, place.codes, 1 << place.shift);
    });
  }

  /** Does the command on the board. */
  run(): void {
    const [op, a, b] = this.#plan.board.command as unknown as [number, number, number];
    if (op === OP.observe) this.#observe();
    else if (op === OP.derive) this.#derive(a, b);
    else if (op === OP.plant) this.#plant(a);
    else if (op === OP.split) this.#split(a, b);
    else if (op === OP.histogram) this.#build(a);
    else if (op === OP.search) this.#search.run();
    else if (op === OP.add) this.#add(a);
    else if (op === OP.residuals) this.#writeResiduals(this.#plan.residuals!, 0, 0);
  }

  #setResults(...values: number[]): void {
    this.#plan.board.results.set(values, this.#plan.shard * RESULTS);
  }

  #observe(): void {
    const { lossScale, validationShare } = this.#plan;
    let all = 0;
    let train = 0;
    for (let from = 0; from < this.#rows.rows; from += BLOCK) {
      const to = Math.min(from + BLOCK, this.#rows.rows);
      this.#loss.observe(this.#rows, from, to, this.#first);
      all += fixedSum(this.#first, to - from, lossScale);
      if (validationShare > 0) train += fixedSumOf(this.#first, this.#isTrain, from, to, lossScale);
    }
    if (validationShare === 0) train = all;
    const trainRows = this.#trainRows.length;
    this.#setResults(trainRows, this.#rows.rows - trainRows, train, all - train);
  }

  #derive(output: number, scale: number): void {
    const { hessianScale } = this.#plan;
    const { unitHessian } = this.#loss;
    let sum = 0;
    for (let from = 0; from < this.#rows.rows; from += BLOCK) {
      const to = Math.min(from + BLOCK, this.#rows.rows);
      this.#loss.derivatives(this.#rows, output, from, to, this.#first, this.#second);
      sum += toFixed(this.#first, this.#gradients, from, to, scale);
      if (!unitHessian) toFixed(this.#second, this.#hessians, from, to, hessianScale);
    }
    this.#setResults(sum);
  }

  #plant(round: number): void {
    const { begin, seed, subsample } = this.#plan;
    const limit = subsample * 2 ** 32;
    const isDrawn = (row: number) => hash32(seed, round, begin + row) < limit;
    this.#nodeRows.plant(this.#trainRows, subsample < 1 ? isDrawn : null);
    this.#build(0);
  }

  #build(node: number): void {
    const { board } = this.#plan;
    this.#cells.fill(0);
    const used = new Set(board.columns.subarray(1, 1 + board.columns[0]!));
    const groups = this.#map.groups.filter(({ columns }) => columns.some((column) => used.has(column)));
    const { begin, end } = this.#nodeRows.addressOf(node);
    for (let from = begin; from < end; from += 4 * BLOCK) this.#addRows(groups, from, Math.min(from + 4 * BLOCK, end));
    for (const column of used) {
      const { from, to } = this.#copies[column]!;
      to.set(from);
    }
  }

  /** Adds a block of rows, whose sums stay in the cache while every group of columns takes them. */
  #addRows(groups: MemoryMap["groups"], from: number, to: number): void {
    const { layout, countWeight } = this.#plan;
    const { sums, gradients, hessians } = this.#map;
    const { add, addPairs, gather, gatherPairs } = this.#kernel;
    if (layout.channels === 1) gather(from, to, gradients, sums, countWeight);
    else gatherPairs(from, to, gradients, hessians, sums, countWeight);
    const adders = layout.channels === 1 ? add : addPairs;
    for (const { width, histogram, codes } of groups) adders[width](histogram, codes, from, to, sums);
  }

  #split(node: number, histogramOf: number): void {
    const { column, sides, left, right } = this.#plan.board.tree;
    const goesLeft = sides.subarray(node * SIDES, (node + 1) * SIDES);
    this.#nodeRows.split(node, left[node]!, right[node]!, this.#map.places[column[node]!]!, goesLeft);
    if (histogramOf >= 0) this.#build(histogramOf);
  }

  #add(output: number): void {
    const { rows, scores } = this.#rows;
    const ofOutput = scores.subarray(output * rows, (output + 1) * rows);
    if (this.#nodeRows.of(0).length === rows) this.#addLeaves(ofOutput, 0);
    else for (let from = 0; from < rows; from += BLOCK) this.#descend(ofOutput, from, Math.min(from + BLOCK, rows));
  }

  /** Writes those of the leaves below `node` after the `written` rows before; gives how many rows are then written. */
  #writeResiduals(into: LeafResiduals, node: number, written: number): number {
    const { board, begin, shard } = this.#plan;
    const { column, left, right } = board.tree;
    if (column[node]! >= 0) {
      return this.#writeResiduals(into, right[node]!, this.#writeResiduals(into, left[node]!, written));
    }
    const rows = this.#nodeRows.of(node);
    const first = begin + written;
    into.ranges.set([first, first + rows.length], 2 * (shard * into.nodes + node));
    const { targets, scores } = this.#rows;
    for (let i = 0; i < rows.length; i++) into.values[first + i] = targets[rows[i]!]! - scores[rows[i]!]!;
    return written + rows.length;
  }

  /** All rows are in the tree's leaves: adds leaf by leaf. */
  #addLeaves(scores: Float64Array, node: number): void {
    const { column, left, right, value } = this.#plan.board.tree;
    if (column[node]! >= 0) {
      this.#addLeaves(scores, left[node]!);
      this.#addLeaves(scores, right[node]!);
      return;
    }
    const rows = this.#nodeRows.of(node);
    for (let from = 0; from < rows.length; from += BLOCK) {
      addToRows(scores, rows, from, Math.min(from + BLOCK, rows.length), value[node]!);
    }
  }

  /** Some rows were left out of the tree: every row walks from the root. */
  #descend(scores: Float64Array, from: number, to: number): void {
    const { column, sides, left, right, value } = this.#plan.board.tree;
    for (let row = from; row < to; row++) {
      let node = 0;
      for (let at = column[0]!; at >= 0; at = column[node]!) {
        const { codes, shift } = this.#map.places[at]!;
        const goesLeft = sides[node * SIDES + this.#bytes[codes + row * 2 ** shift]!]!;
        node = goesLeft ? left[node]! : right[node]!;
      }
      scores[row]! += value[node]!;
    }
  }
}

/** 1 for the rows that trees learn from, 0 for those kept for validation. */
function drawTrain({ begin, end, seed, validationShare }: ShardPlan): Uint8Array {
  const isTrain = new Uint8Array(end - begin).fill(1);
  if (validationShare === 0) return isTrain;
  const limit = validationShare * 2 ** 32;
  return isTrain.map((_, row) => Number(hash32(seed, VALIDATION_DRAW, begin + row) >= limit));
}

function indicesOf(chosen: Uint8Array): Int32Array {
  const indices = new Int32Array(chosen.length);
  let count = 0;
  for (let index = 0; index < chosen.length; index++) {
    indices[count] = index;
    count += chosen[index]!;
  }
  return indices.slice(0, count);
}

/** Writes the codes of one column, `step` bytes apart. */
function spread(codes: Uint8Array, into: Uint8Array, at: number, step: number): void {
  for (let row = 0; row < codes.length; row++) into[at + row * step] = codes[row]!;
}

function addToRows(scores: Float64Array, rows: Int32Array, from: number, to: number, value: number): void {
  for (let i = from; i < to; i++) scores[rows[i]!]! += value;
}
