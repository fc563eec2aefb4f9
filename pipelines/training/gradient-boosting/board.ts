import type { HistogramLayout } from "./histogram.ts";

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
  /** Single numbers that a command gives, RESULTS of them for each shard. */
  results: Float64Array;
}

export const RESULTS = 4;

/** One more than the largest bin code. */
export const SIDES = 256;

/** Allocates a board for so many shards, columns and nodes per tree. */
export function createBoard(shards: number, columns: number, nodes: number, layout: HistogramLayout): Board {
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
    results: new Float64Array(new SharedArrayBuffer(8 * RESULTS * shards)),
  };
}
