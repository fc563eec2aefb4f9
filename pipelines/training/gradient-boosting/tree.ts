import type { Encoding } from "./encode-columns.ts";
import type { GrownSplit } from "./grow-tree.ts";
import type { GrowingTree } from "./shared-search.ts";

/**
 * A finished tree; node 0 is the root. A node sends a number x left when x ≤ threshold, NaN where `missingLeft` says, and
 * a category where `sides` says.
 */
export interface Tree {
  /** The score it adds to. */
  output: number;
  /** Column a node splits on, or -1 for a leaf. */
  column: Int32Array;
  /** Numbers: +∞ where all but missing values go left. */
  threshold: Float32Array;
  /** Numbers: 1 when NaN goes left. */
  missingLeft: Uint8Array;
  /** Categories, by code: 1 when it goes left; null for other nodes. */
  sides: readonly (Uint8Array | null)[];
  left: Int32Array;
  right: Int32Array;
  /** How much the split of a node improved the loss. */
  gain: Float64Array;
  /** What a leaf adds; a float32, because ONNX stores one. */
  value: Float32Array;
}

/** All that scoring needs. */
export interface Forest {
  columns: readonly Encoding[];
  /** Score before the first tree, by output. */
  base: readonly number[];
  /** Set when the sum of the scores is the logarithm of what is predicted. */
  link?: "log";
  trees: readonly Tree[];
}

/** Copies a tree off the board, with bins turned into thresholds. */
export function finishTree(
  growing: GrowingTree,
  splits: readonly GrownSplit[],
  output: number,
  columns: readonly Encoding[],
): Tree {
  const nodes = 2 * splits.length + 1;
  const tree = { ...emptyTree(output, nodes), sides: new Array<Uint8Array | null>(nodes).fill(null) };
  for (const { node, column, sides, bin, gain } of splits) {
    tree.gain[node] = gain;
    const { categories, cuts } = columns[column]!;
    tree.left[node] = growing.left[node]!;
    tree.right[node] = growing.right[node]!;
    if (categories) tree.sides[node] = sides;
    else {
      tree.threshold[node] = cuts[bin] ?? Number.POSITIVE_INFINITY;
      tree.missingLeft[node] = sides.at(-1)!;
    }
  }
  tree.column.set(growing.column.subarray(0, nodes));
  tree.value.set(growing.value.subarray(0, nodes));
  return tree;
}

/** A tree of one leaf that adds nothing. */
export function zeroTree(): Tree {
  return emptyTree(0, 1);
}

function emptyTree(output: number, nodes: number): Tree {
  return {
    output,
    column: new Int32Array(nodes).fill(-1),
    threshold: new Float32Array(nodes),
    missingLeft: new Uint8Array(nodes),
    sides: new Array<null>(nodes).fill(null),
    left: new Int32Array(nodes),
    right: new Int32Array(nodes),
    gain: new Float64Array(nodes),
    value: new Float32Array(nodes),
  };
}
