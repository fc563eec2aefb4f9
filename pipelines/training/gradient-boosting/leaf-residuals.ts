import type { GrowingTree } from "./board.ts";

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

/** A leaf's residuals in all shards, ascending, and so the same however rows are divided among shards. */
function sortedResiduals({ values, ranges, nodes }: LeafResiduals, leaf: number): Float64Array {
  const parts: Float64Array[] = [];
  for (let at = 2 * leaf; at < ranges.length; at += 2 * nodes)
    parts.push(values.subarray(ranges[at]!, ranges[at + 1]!));
  const all = new Float64Array(parts.reduce((rows, part) => rows + part.length, 0));
  let filled = 0;
  for (const part of parts) {
    all.set(part, filled);
    filled += part.length;
  }
  return all.sort();
}

/** Gives the leaves among a tree's first `nodes` nodes the values that suit their residuals. */
export function renewLeaves(
  tree: GrowingTree,
  nodes: number,
  residuals: LeafResiduals,
  leafOf: (residuals: Float64Array, leaf: number) => number,
): void {
  for (let node = 0; node < nodes; node++) {
    if (tree.column[node]! >= 0) continue;
    const sorted = sortedResiduals(residuals, node);
    tree.value[node] = sorted.length > 0 ? Math.fround(leafOf(sorted, node)) : 0;
  }
}
