import type { FeatureColumn } from "../../data/table.ts";
import type { EnsembleColumn, Ensembles, EnsembleTree } from "./ensembles.ts";
import { type AddTree, LANES, NODE, NODE_BYTES, openForestKernel } from "./forest-kernel.ts";
import { rowCount } from "./session.ts";

/** Rows that are scored together: their codes stay in the processor's cache while they go down one tree after the other. */
const TILE = 2048;
const MOST_CODES = 256;
/** Bytes of nodes beyond which a forest is left to ONNX Runtime. */
const MOST_BYTES = 256 * 2 ** 20;

/** Sums of a model's trees. */
export interface ForestScorer {
  /** float32 [rows, scores], bit by bit what ONNX Runtime's ensembles and their Sum give. `features` has all columns by name. */
  sums(features: readonly FeatureColumn[]): Float32Array;
}

/** A column with all that its nodes compare it with. */
interface CodedColumn extends EnsembleColumn {
  /** Numbers: sorted thresholds, each once; a code is how many of them are below the number, and one more than any for NaN. */
  cuts: Float32Array;
  /** Categories: the code of each known level. */
  known: ReadonlyMap<string, number>;
}

/** Lays a forest out for the kernel. null when a column has more than 256 codes, or there are too many nodes. */
export function openForest({
  columns,
  parts,
  base,
}: Pick<Ensembles, "columns" | "parts" | "base">): ForestScorer | null {
  const all = parts.flat();
  const coded = columns.map(
    (column, at): CodedColumn => ({ ...column, cuts: cutsOf(all, at), known: codesBy(column) }),
  );
  const nodes = all.reduce((sum, { column }) => sum + column.length, 0);
  if (coded.some((column) => codesOf(column) > MOST_CODES) || nodes * NODE_BYTES > MOST_BYTES) return null;
  const sumsAt = coded.length * TILE;
  const nodesAt = sumsAt + TILE * Float32Array.BYTES_PER_ELEMENT;
  const pages = Math.ceil((nodesAt + nodes * NODE_BYTES) / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: false });
  const view = new DataView(memory.buffer);
  let root = nodesAt;
  const placed = parts.map((trees) =>
    trees.map((tree) => {
      const place = { root, target: tree.target };
      root = writeTree(view, tree, root, coded);
      return place;
    }),
  );
  const forest: Forest = {
    ...{ columns: coded, parts: placed, base },
    codes: coded.map((_, at) => new Uint8Array(memory.buffer, at * TILE, TILE)),
    sums: new Float32Array(memory.buffer, sumsAt, TILE),
    addTree: openForestKernel(memory),
  };
  return { sums: (features) => sumsOf(forest, features) };
}

interface Forest {
  columns: readonly CodedColumn[];
  /** Address and score of each tree. */
  parts: readonly (readonly { root: number; target: number }[])[];
  base: Float32Array;
  /** In the kernel's memory, for the rows of a tile. */
  codes: readonly Uint8Array[];
  sums: Float32Array;
  addTree: AddTree;
}

function cutsOf(trees: readonly EnsembleTree[], at: number): Float32Array {
  const cuts = new Set<number>();
  for (const { column, sides, threshold } of trees)
    for (let node = 0; node < column.length; node++)
      if (column[node] === at && sides[node] === null) cuts.add(threshold[node]!);
  return Float32Array.from(cuts).sort();
}

function codesBy({ categories }: EnsembleColumn): ReadonlyMap<string, number> {
  return new Map(categories?.levels.map((level, at) => [level, categories.codes[at]!]));
}

function codesOf({ categories, cuts }: CodedColumn): number {
  if (categories === null) return cuts.length + 2;
  return Math.max(0, categories.unseen, ...categories.codes) + 1;
}

/** A root, then pairs of siblings; gives the address behind them. */
function writeTree(view: DataView, tree: EnsembleTree, root: number, columns: readonly CodedColumn[]): number {
  const addresses = new Uint32Array(tree.column.length);
  addresses[0] = root;
  let next = root + NODE_BYTES;
  // Each node stands behind its parent.
  for (let node = 0; node < addresses.length; node++) {
    const address = addresses[node]!;
    const column = tree.column[node]!;
    view.setUint32(address + NODE.codes, Math.max(0, column) * TILE, true);
    if (column < 0) {
      view.setUint32(address + NODE.child, address - NODE_BYTES, true);
      view.setFloat32(address + NODE.value, tree.value[node]!, true);
      for (let code = 0; code < MOST_CODES / 8; code++) view.setUint8(address + NODE.sides + code, 255);
      continue;
    }
    view.setUint32(address + NODE.child, next, true);
    addresses[tree.right[node]!] = next;
    addresses[tree.left[node]!] = next + NODE_BYTES;
    next += 2 * NODE_BYTES;
    const bits = new Uint8Array(view.buffer, address + NODE.sides, MOST_CODES / 8);
    for (const [code, side] of sidesOf(tree, node, columns[column]!).entries()) bits[code >> 3]! |= side << (code & 7);
  }
  return next;
}

/** By code, 1 when it goes left. */
function sidesOf({ sides, threshold, missingLeft }: EnsembleTree, node: number, { cuts }: CodedColumn): Uint8Array {
  const set = sides[node];
  if (set) return set;
  const below = new Uint8Array(cuts.length + 2).fill(1, 0, cuts.indexOf(threshold[node]!) + 1);
  below[cuts.length + 1] = missingLeft[node]!;
  return below;
}

function sumsOf(forest: Forest, features: readonly FeatureColumn[]): Float32Array {
  const byName = new Map(features.map((column) => [column.name, column]));
  const encoders = forest.columns.map((column) => encoderOf(column, byName.get(column.input)!));
  const rows = rowCount(features);
  const width = forest.base.length;
  const totals = new Float32Array(rows * width);
  for (let start = 0; start < rows; start += TILE) {
    const count = Math.min(TILE, rows - start);
    for (const [at, encode] of encoders.entries()) encode(start, count, forest.codes[at]!);
    addTile(forest, count, totals.subarray(start * width, (start + count) * width));
  }
  return totals;
}

/** Each part by itself, then their sums, then the base: numbers are rounded where ONNX Runtime rounds them. */
function addTile({ parts, base, sums, addTree }: Forest, count: number, totals: Float32Array): void {
  const width = base.length;
  const rows = Math.ceil(count / LANES) * LANES;
  for (let target = 0; target < width; target++) {
    for (const [part, trees] of parts.entries()) {
      sums.fill(0, 0, rows);
      for (const tree of trees) if (tree.target === target) addTree(tree.root, rows, sums.byteOffset);
      if (part === 0) for (let row = 0; row < count; row++) totals[row * width + target] = sums[row]!;
      else for (let row = 0; row < count; row++) totals[row * width + target]! += sums[row]!;
    }
    for (let row = 0; row < count; row++) totals[row * width + target]! += base[target]!;
  }
}

type Encode = (start: number, count: number, codes: Uint8Array) => void;

function encoderOf({ categories, cuts, known }: CodedColumn, column: FeatureColumn): Encode {
  if (column.kind !== "category" || categories === null) {
    const { values } = column as Exclude<FeatureColumn, { kind: "category" }>;
    return (start, count, codes) => {
      for (let row = 0; row < count; row++) codes[row] = codeOf(cuts, values[start + row]!);
    };
  }
  const codeAt = (level: string) => known.get(level) ?? categories.unseen;
  const ofLevels = Uint8Array.from(column.levels, codeAt);
  const missing = codeAt("");
  return (start, count, codes) => {
    for (let row = 0; row < count; row++) {
      const level = column.codes[start + row]!;
      codes[row] = level < 0 ? missing : ofLevels[level]!;
    }
  };
}

/** How many cuts are below a number; one more than there are for NaN. */
function codeOf(cuts: Float32Array, value: number): number {
  if (Number.isNaN(value)) return cuts.length + 1;
  let [low, high] = [0, cuts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cuts[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
