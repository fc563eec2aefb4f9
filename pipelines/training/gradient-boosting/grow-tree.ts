import { columnViews, type HistogramPool, SIDES } from "./histogram.ts";
import { type NodeSums, nodeSums } from "./node-sums.ts";
import { OP } from "./shard.ts";
import { type Board, bestFound, type Gathering, writeGathering } from "./shared-search.ts";
import { boundedValue, type Split, type SplitRules, type SplitSearch } from "./split.ts";
import type { Team } from "./team.ts";
import { FREE, type LeafBounds, ValueBounds } from "./value-bounds.ts";

interface GrowthRules extends SplitRules {
  maxLeaves: number;
  /** 0 for no limit. */
  maxDepth: number;
  learningRate: number;
  /** See Loss. */
  leafStep?: ((newton: number) => number) | undefined;
}

/** What growing a tree works with; the same for all trees of a training. */
export interface Garden {
  team: Team;
  board: Board;
  pool: HistogramPool;
  rules: GrowthRules;
}

/** A split, and the node that it cut. */
export interface GrownSplit extends Split {
  node: number;
}

/** A leaf that a split would improve. */
interface Candidate {
  node: number;
  depth: number;
  split: Split;
  /** Number of its histogram; null after another leaf needed it: the children's histograms are then built one by one. */
  slot: number | null;
}

/** A leaf whose best split is wanted. */
interface Child {
  node: number;
  sums: NodeSums;
  bounds: LeafBounds;
  depth: number;
}

/** What growing a tree keeps until it is finished. */
interface Growing extends Garden {
  search: SplitSearch;
  leaves: Candidate[];
}

/**
 * Grows one tree on the board, always splitting the leaf with the largest gain (best first), until it has `maxLeaves`
 * leaves or no split improves. Gives its splits in the order of growth. The
 * children of split i are the nodes 2i + 1 and 2i + 2.
 */
export async function growTree(garden: Garden, round: number, search: SplitSearch): Promise<readonly GrownSplit[]> {
  const { board, rules } = garden;
  const growing: Growing = { ...garden, search, leaves: [] };
  board.columns[0] = search.columns.length;
  board.columns.set(search.columns, 1);
  const bounds = new ValueBounds(search.directions ?? null);
  const splits: GrownSplit[] = [];
  await plantRoot(growing, round);
  while (splits.length + 1 < rules.maxLeaves) {
    const best = takeBest(growing.leaves);
    if (!best) break;
    const left = 2 * splits.length + 1;
    setSplit(board, best, left, rules, bounds);
    splits.push({ ...best.split, node: best.node });
    const { split } = best;
    const depth = best.depth + 1;
    const children = [
      { node: left, sums: split.left, bounds: bounds.of(left), depth },
      { node: left + 1, sums: split.right, bounds: bounds.of(left + 1), depth },
    ].sort((a, b) => a.sums.rows - b.sums.rows);
    await splitRows(growing, best, children, splits.length + 1 === rules.maxLeaves);
  }
  for (const { slot } of growing.leaves) if (slot !== null) garden.pool.giveBack(slot);
  return splits;
}

async function plantRoot(growing: Growing, round: number): Promise<void> {
  const { team, board, rules, search } = growing;
  await team.run(OP.plant, round);
  const root = { node: 0, sums: rootSums(board, search), bounds: FREE, depth: 0 };
  setLeaf(board, root.node, root.sums, rules, FREE);
  await lookForOne(growing, root);
}

/** Sums of all rows, from any one column's cells; they are exact, so those of the shards add up. */
function rootSums({ histograms }: Board, { columns, layout, units }: SplitSearch): NodeSums {
  const column = columns[0]!;
  const [first, ...others] = histograms.map((histogram) => columnViews(histogram, layout)[column]!);
  return nodeSums(
    first!.map((cell, index) => others.reduce((sum, cells) => sum + cells[index]!, cell)),
    layout.channels,
    units,
  );
}

/** Has the threads gather a histogram and look for the best splits of these leaves; without one a histogram is free again. */
async function lookFor(
  { team, board, pool, search, leaves }: Growing,
  histogram: Pick<Gathering, "into" | "parent">,
  sought: readonly (Child & { slot: number })[],
): Promise<void> {
  writeGathering(board, { ...histogram, nodes: sought }, search);
  await team.run(OP.search);
  sought.forEach(({ node, depth, slot }, index) => {
    const split = bestFound(board, index, search.layout);
    if (split) leaves.push({ node, depth, split, slot });
    else pool.giveBack(slot);
  });
}

/** Removes the leaf with the largest gain, the oldest of equals. */
function takeBest(leaves: Candidate[]): Candidate | undefined {
  let best = 0;
  for (let i = 1; i < leaves.length; i++) if (leaves[i]!.split.gain > leaves[best]!.split.gain) best = i;
  return leaves.splice(best, 1)[0];
}

/** Parts a leaf's rows among its children, the smaller first, and looks for the splits of those that may be split further. */
async function splitRows(
  growing: Growing,
  { node, slot: parent }: Candidate,
  children: readonly Child[],
  isLast: boolean,
): Promise<void> {
  const { team, pool, rules } = growing;
  const [small, large] = children as [Child, Child];
  const tooDeep = isLast || (rules.maxDepth > 0 && large.depth >= rules.maxDepth);
  const maySplit = (child: Child) => !tooDeep && child.sums.rows >= 2 * rules.minRows;
  if (!maySplit(large)) {
    await team.run(OP.split, node, -1);
    if (parent !== null) pool.giveBack(parent);
    return;
  }
  if (parent === null) {
    await team.run(OP.split, node, large.node);
    await lookForOne(growing, large);
    if (!maySplit(small)) return;
    await team.run(OP.histogram, small.node);
    await lookForOne(growing, small);
    return;
  }
  await team.run(OP.split, node, small.node);
  const into = slotFor(growing);
  const ofSmall = maySplit(small) ? [{ ...small, slot: into }] : [];
  // What is left of the parent's histogram is the larger child's.
  await lookFor(growing, { into, parent }, [{ ...large, slot: parent }, ...ofSmall]);
  if (ofSmall.length === 0) pool.giveBack(into);
}

/** Looks for the best split of the node whose histogram has just been built. */
function lookForOne(growing: Growing, child: Child): Promise<void> {
  const into = slotFor(growing);
  return lookFor(growing, { into, parent: -1 }, [{ ...child, slot: into }]);
}

/** A histogram from the pool or, when that is empty, from the least promising leaf. */
function slotFor({ pool, leaves }: Growing): number {
  return pool.take() ?? takeFrom(leaves);
}

function takeFrom(leaves: readonly Candidate[]): number {
  const holders = leaves.filter((leaf) => leaf.slot !== null);
  const poorest = holders.reduce((a, b) => (b.split.gain < a.split.gain ? b : a));
  const { slot } = poorest;
  poorest.slot = null;
  return slot!;
}

function setLeaf({ tree }: Board, node: number, sums: NodeSums, rules: GrowthRules, bounds: LeafBounds): void {
  tree.column[node] = -1;
  const newton = boundedValue(sums, rules, bounds);
  tree.value[node] = Math.fround(rules.learningRate * (rules.leafStep ? rules.leafStep(newton) : newton));
}

/** Turns a leaf into a split with two new leaves, `left` and `left + 1`. */
function setSplit(
  board: Board,
  { node, split }: Candidate,
  left: number,
  rules: GrowthRules,
  bounds: ValueBounds,
): void {
  const { tree } = board;
  tree.column[node] = split.column;
  tree.sides.set(split.sides, node * SIDES);
  tree.left[node] = left;
  tree.right[node] = left + 1;
  const own = bounds.of(node);
  bounds.split(node, split.column, left, [boundedValue(split.left, rules, own), boundedValue(split.right, rules, own)]);
  setLeaf(board, left, split.left, rules, bounds.of(left));
  setLeaf(board, left + 1, split.right, rules, bounds.of(left + 1));
}
