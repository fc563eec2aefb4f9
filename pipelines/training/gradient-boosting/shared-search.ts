import { cellsOf, columnViews, type HistogramLayout, nodeHistograms, SIDES } from "./histogram.ts";
import type { Directions } from "./monotone.ts";
import type { HistogramUnits, NodeSums } from "./node-sums.ts";
import { bestSplit, type Split, type SplitRules, type SplitSearch } from "./split.ts";
import type { LeafBounds } from "./value-bounds.ts";

/** A node whose best split is wanted. */
interface SoughtNode {
  /** Its histogram among those of the board. */
  slot: number;
  sums: NodeSums;
  bounds: LeafBounds;
}

/** What the threads are to do together with the histograms that they have just built of their own rows. */
export interface Gathering {
  /** The histogram that takes their sum. */
  into: number;
  /** One that this sum is taken from, which leaves the other child's; -1 for none. */
  parent: number;
  /** At most two. */
  nodes: readonly SoughtNode[];
}

/** What of a search stays the same for a whole training. */
export interface SearchConstants {
  layout: HistogramLayout;
  rules: SplitRules;
  directions: Directions | null;
  countWeight: number;
  hessianScale: number;
}

/** Fewer cells than this are searched by one thread before others have looked up. */
const CELLS_PER_THREAD = 4096;

const NODE = 6;
const FOUND = 11;

/** Numbers that one Gathering takes on the board, and what is found of two nodes by one thread. */
const GATHERING_NUMBERS = 5 + 2 * NODE;
const FOUND_NUMBERS = 2 * FOUND;
const FOUND_SIDES = 2 * SIDES;

/** Writes what is to be done where all threads read it. */
export function writeGathering({ gathering }: Board, { into, parent, nodes }: Gathering, search: SplitSearch): void {
  gathering.set([into, parent, nodes.length, search.units.gradientScale, search.noise]);
  nodes.forEach(({ slot, sums, bounds }, index) => {
    const { rows, gradient, hessian } = sums;
    gathering.set([slot, rows, gradient, hessian, bounds.low, bounds.high], 5 + index * NODE);
  });
}

/** One thread's part: the columns of its share. The sums are exact and the columns come in order, so the number of threads does not show. */
export class SharedSearch {
  readonly #board: Board;
  readonly #shard: number;
  readonly #constants: SearchConstants;
  readonly #ofShards: readonly (readonly Float64Array[])[];
  readonly #ofNodes: readonly (readonly Float64Array[])[];

  constructor(board: Board, shard: number, constants: SearchConstants) {
    this.#board = board;
    this.#shard = shard;
    this.#constants = constants;
    this.#ofShards = board.histograms.map((cells) => columnViews(cells, constants.layout));
    this.#ofNodes = board.nodes.map((cells) => columnViews(cells, constants.layout));
  }

  /** Does the board's Gathering for this thread's columns and writes the best splits that it finds to the board. */
  run(): void {
    const { gathering } = this.#board;
    const [into, parent, count, gradientScale, noise] = gathering as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    const { layout, rules, directions, countWeight, hessianScale } = this.#constants;
    const columns = this.#share();
    for (const column of columns) this.#gather(column, into, parent);
    const units: HistogramUnits = { countWeight, gradientScale, hessianScale };
    const search = { columns, layout, units, rules, noise, directions };
    for (let index = 0; index < count; index++) {
      const at = 5 + index * NODE;
      const [slot, rows, gradient, hessian, low, high] = gathering.subarray(at, at + NODE) as unknown as number[];
      const sums = { rows: rows!, gradient: gradient!, hessian: hessian! };
      const split = bestSplit(sums, this.#ofNodes[slot!]!, search, { low: low!, high: high! });
      writeFound(this.#board, this.#shard, index, split);
    }
  }

  #gather(column: number, into: number, parent: number): void {
    const sum = this.#ofNodes[into]![column]!;
    sum.set(this.#ofShards[0]![column]!);
    for (let shard = 1; shard < this.#ofShards.length; shard++) add(sum, this.#ofShards[shard]![column]!);
    if (parent >= 0) subtract(this.#ofNodes[parent]![column]!, sum);
  }

  /** This thread's columns: those of the tree, parted where the cells are about equal. */
  #share(): Int32Array {
    const { columns, histograms } = this.#board;
    const used = columns.subarray(1, 1 + columns[0]!);
    const { layout } = this.#constants;
    const total = used.reduce((sum, column) => sum + cellsOf(layout, column), 0);
    const threads = Math.max(1, Math.min(histograms.length, Math.floor(total / CELLS_PER_THREAD)));
    const from = (total * this.#shard) / threads;
    const to = (total * (this.#shard + 1)) / threads;
    let before = 0;
    return used.filter((column) => {
      const at = before;
      before += cellsOf(layout, column);
      return at >= from && at < to;
    });
  }
}

/** The best of what all threads have found for the node of this index; the first of equals, as if one had looked. */
export function bestFound({ found, foundSides }: Board, index: number, layout: HistogramLayout): Split | null {
  let best = -1;
  for (let at = index * FOUND; at < found.length; at += FOUND_NUMBERS) {
    if (found[at] === 1 && (best < 0 || found[at + 1]! > found[best + 1]!)) best = at;
  }
  if (best < 0) return null;
  const [, score, gain, column, bin, ...sums] = found.subarray(best, best + FOUND) as unknown as [
    number,
    number,
    number,
    number,
    number,
    ...number[],
  ];
  const [rows, gradient, hessian, otherRows, otherGradient, otherHessian] = sums as unknown as Six;
  const begin = (best / FOUND) * SIDES;
  const sides = foundSides.slice(begin, begin + cellsOf(layout, column));
  const [left, right] = [
    { rows, gradient, hessian },
    { rows: otherRows, gradient: otherGradient, hessian: otherHessian },
  ];
  return { score, gain, column, bin, sides, left, right };
}

type Six = [number, number, number, number, number, number];

function writeFound({ found, foundSides }: Board, shard: number, index: number, split: Split | null): void {
  const at = shard * FOUND_NUMBERS + index * FOUND;
  found[at] = Number(split !== null);
  if (!split) return;
  const { score, gain, column, bin, left, right, sides } = split;
  const sums = [left, right].flatMap(({ rows, gradient, hessian }) => [rows, gradient, hessian]);
  found.set([1, score, gain, column, bin, ...sums], at);
  foundSides.set(sides, (at / FOUND) * SIDES);
}

function add(into: Float64Array, cells: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i]! += cells[i]!;
}

/** Takes one child's sums from its parent's, which leaves the other child's. */
function subtract(from: Float64Array, child: Float64Array): void {
  for (let i = 0; i < from.length; i++) from[i]! -= child[i]!;
}

/** A tree while it grows, in memory that all threads see. Node 0 is the root. */
export interface GrowingTree {
  /** Column a node splits on, or -1 for a leaf. */
  column: Int32Array;
  /** SIDES entries for each node, by bin code: 1 when it goes left. */
  sides: Uint8Array;
  left: Int32Array;
  right: Int32Array;
  /** What a leaf adds to the score. */
  value: Float64Array;
}

/** Shared memory through which the main thread tells the shards what to do and reads what they found. */
export interface Board {
  /** [0]: number of the current command; [1]: 1 after a thread failed; [2 + shard]: the last command that shard has done. */
  signals: Int32Array;
  /** Operation and its arguments. */
  command: Float64Array;
  /** How many columns the current tree may use, then which. */
  columns: Int32Array;
  tree: GrowingTree;
  /** Sums of a shard's rows, a histogram each. */
  histograms: readonly Float64Array[];
  /** Sums of all rows of nodes, a histogram each. */
  nodes: readonly Float64Array[];
  /** What a search is for, and by shard what it has found: see shared-search.ts. */
  gathering: Float64Array;
  found: Float64Array;
  foundSides: Uint8Array;
  /** Single numbers that a command gives, RESULTS of them for each shard. */
  results: Float64Array;
}

export const RESULTS = 4;

/** How large a board is. */
interface BoardSize {
  shards: number;
  columns: number;
  maxLeaves: number;
  /** Bytes of the nodes' histograms, at most. */
  mostBytes?: number | undefined;
}

export function createBoard({ shards, columns, maxLeaves, mostBytes }: BoardSize, layout: HistogramLayout): Board {
  const nodes = 2 * maxLeaves - 1;
  return {
    signals: new Int32Array(new SharedArrayBuffer(4 * (2 + shards))),
    command: new Float64Array(new SharedArrayBuffer(8 * 8)),
    columns: new Int32Array(new SharedArrayBuffer(4 * (1 + columns))),
    tree: {
      column: new Int32Array(new SharedArrayBuffer(4 * nodes)),
      sides: new Uint8Array(new SharedArrayBuffer(SIDES * nodes)),
      left: new Int32Array(new SharedArrayBuffer(4 * nodes)),
      right: new Int32Array(new SharedArrayBuffer(4 * nodes)),
      value: new Float64Array(new SharedArrayBuffer(8 * nodes)),
    },
    histograms: Array.from(
      { length: shards },
      () => new Float64Array(new SharedArrayBuffer(8 * layout.cells * layout.channels)),
    ),
    nodes: nodeHistograms(layout, maxLeaves, mostBytes),
    gathering: new Float64Array(new SharedArrayBuffer(8 * GATHERING_NUMBERS)),
    found: new Float64Array(new SharedArrayBuffer(8 * FOUND_NUMBERS * shards)),
    foundSides: new Uint8Array(new SharedArrayBuffer(FOUND_SIDES * shards)),
    results: new Float64Array(new SharedArrayBuffer(8 * RESULTS * shards)),
  };
}
