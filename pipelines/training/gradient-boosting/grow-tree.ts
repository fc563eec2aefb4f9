import { type Board, SIDES } from "./board.ts";
import { addShards, type HistogramPool, type NodeHistogram, subtract } from "./histogram-pool.ts";
import { type NodeSums, nodeSums } from "./node-sums.ts";
import { OP } from "./shard.ts";
import { bestSplit, boundedValue, type Split, type SplitRules, type SplitSearch } from "./split.ts";
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
  /** null after another leaf needed it: the children's histograms are then built one by one. */
  histogram: NodeHistogram | null;
}

/** A child whose rows are known, and its histogram when it may be split. */
interface Child {
  node: number;
  sums: NodeSums;
  histogram: NodeHistogram;
}

/**
 * Grows one tree on the board, always splitting the leaf with the largest gain (best first), until it has `maxLeaves`
 * leaves or no split improves. Gives its splits in the order of growth. The
 * children of split i are the nodes 2i + 1 and 2i + 2.
 */
export async function growTree(garden: Garden, round: number, search: SplitSearch): Promise<readonly GrownSplit[]> {
  const { board, rules } = garden;
  board.columns[0] = search.columns.length;
  board.columns.set(search.columns, 1);
  const bounds = new ValueBounds(search.directions ?? null);
  const splits: GrownSplit[] = [];
  const leaves: Candidate[] = [];
  const root = await plantRoot(garden, round, search);
  setLeaf(board, root.node, root.sums, rules, FREE);
  offer(garden, search, leaves, root, 0, FREE);
  while (splits.length + 1 < rules.maxLeaves) {
    const best = takeBest(leaves);
    if (!best) break;
    const left = 2 * splits.length + 1;
    setSplit(board, best, left, rules, bounds);
    splits.push({ ...best.split, node: best.node });
    const isLast = splits.length + 1 === rules.maxLeaves;
    for (const child of await splitRows(garden, leaves, best, left, isLast)) {
      offer(garden, search, leaves, child, best.depth + 1, bounds.of(child.node));
    }
  }
  for (const leaf of leaves) if (leaf.histogram) garden.pool.giveBack(leaf.histogram);
  return splits;
}

async function plantRoot(garden: Garden, round: number, { columns, units, layout }: SplitSearch): Promise<Child> {
  await garden.team.run(OP.plant, round);
  const histogram = gathered(garden, []);
  return { node: 0, sums: nodeSums(histogram.views[columns[0]!]!, layout.channels, units), histogram };
}

/** Looks for the child's best split; without one its histogram is free again. */
function offer(
  garden: Garden,
  search: SplitSearch,
  leaves: Candidate[],
  child: Child,
  depth: number,
  bounds: LeafBounds,
): void {
  const { node, sums, histogram } = child;
  const split = bestSplit(sums, histogram.views, search, bounds);
  if (split) leaves.push({ node, depth, split, histogram });
  else garden.pool.giveBack(histogram);
}

/** Removes the leaf with the largest gain, the oldest of equals. */
function takeBest(leaves: Candidate[]): Candidate | undefined {
  let best = 0;
  for (let i = 1; i < leaves.length; i++) if (leaves[i]!.split.gain > leaves[best]!.split.gain) best = i;
  return leaves.splice(best, 1)[0];
}

/** Parts a leaf's rows, and gives those of its children that may be split further. */
async function splitRows(
  garden: Garden,
  leaves: readonly Candidate[],
  { node, depth, split, histogram }: Candidate,
  left: number,
  isLast: boolean,
): Promise<Child[]> {
  const { team, pool, rules } = garden;
  const children = [
    { node: left, sums: split.left },
    { node: left + 1, sums: split.right },
  ].sort((a, b) => a.sums.rows - b.sums.rows) as [Omit<Child, "histogram">, Omit<Child, "histogram">];
  const [small, large] = children;
  const tooDeep = isLast || (rules.maxDepth > 0 && depth + 1 >= rules.maxDepth);
  const maySplit = (child: { sums: NodeSums }) => !tooDeep && child.sums.rows >= 2 * rules.minRows;
  if (!maySplit(large)) {
    await team.run(OP.split, node, -1);
    if (histogram) pool.giveBack(histogram);
    return [];
  }
  await team.run(OP.split, node, small.node);
  const ofSmall = gathered(garden, leaves);
  let ofLarge = histogram;
  if (ofLarge) subtract(ofLarge.cells, ofSmall.cells);
  else {
    await team.run(OP.histogram, large.node);
    ofLarge = gathered(garden, leaves);
  }
  const found = [{ ...large, histogram: ofLarge }];
  if (maySplit(small)) found.push({ ...small, histogram: ofSmall });
  else pool.giveBack(ofSmall);
  return found;
}

/** The histogram that the shards have just built, summed in one from the pool or, when that is empty, from the least promising leaf. */
function gathered(garden: Garden, leaves: readonly Candidate[]): NodeHistogram {
  const histogram = garden.pool.take() ?? takeFrom(leaves);
  addShards(garden.board.histograms, histogram.cells);
  return histogram;
}

function takeFrom(leaves: readonly Candidate[]): NodeHistogram {
  const holders = leaves.filter((leaf) => leaf.histogram !== null);
  const poorest = holders.reduce((a, b) => (b.split.gain < a.split.gain ? b : a));
  const { histogram } = poorest;
  poorest.histogram = null;
  return histogram!;
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
