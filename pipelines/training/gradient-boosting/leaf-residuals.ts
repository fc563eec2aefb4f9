import type { GrowingTree } from "./board.ts";
import type { Directions } from "./monotone.ts";
import { clip, type LeafBounds, ValueBounds } from "./value-bounds.ts";

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
