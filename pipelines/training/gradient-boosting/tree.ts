import type { GrowingTree } from "./board.ts";
import type { Encoding } from "./encode-columns.ts";

/** A finished tree on encoded columns: a node sends x left when x ≤ threshold, NaN where `missingLeft` says. Node 0 is the root. */
export interface Tree {
  /** The score it adds to. */
  output: number;
  /** Column a node splits on, or -1 for a leaf. */
  column: Int32Array;
  /** +∞ where all but missing values go left. */
  threshold: Float32Array;
  missingLeft: Uint8Array;
  left: Int32Array;
  right: Int32Array;
  /** What a leaf adds; a float32, because ONNX stores one. */
  value: Float32Array;
}

/** All that scoring needs. */
export interface Forest {
  columns: readonly Encoding[];
  /** Score before the first tree, by output. */
  base: readonly number[];
  trees: readonly Tree[];
}

/** Copies the first `nodes` nodes of a tree off the board, with bins turned into thresholds. */
export function finishTree(tree: GrowingTree, nodes: number, output: number, columns: readonly Encoding[]): Tree {
  const column = tree.column.slice(0, nodes);
  const threshold = Float32Array.from(column, (at, node) => {
    if (at < 0) return 0;
    return columns[at]!.cuts[tree.bin[node]!] ?? Number.POSITIVE_INFINITY;
  });
  return {
    output,
    column,
    threshold,
    missingLeft: tree.missingLeft.slice(0, nodes),
    left: tree.left.slice(0, nodes),
    right: tree.right.slice(0, nodes),
    value: Float32Array.from(tree.value.subarray(0, nodes)),
  };
}

/** A tree of one leaf. */
export function constantTree(value: number): Tree {
  return {
    output: 0,
    column: Int32Array.of(-1),
    threshold: Float32Array.of(0),
    missingLeft: Uint8Array.of(0),
    left: Int32Array.of(0),
    right: Int32Array.of(0),
    value: Float32Array.of(value),
  };
}
