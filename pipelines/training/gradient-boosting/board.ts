import { type HistogramLayout, SIDES } from "./histogram.ts";
import { nodeHistograms } from "./histogram-pool.ts";
import { FOUND_NUMBERS, FOUND_SIDES, GATHERING_NUMBERS } from "./shared-search.ts";

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
export interface BoardSize {
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
