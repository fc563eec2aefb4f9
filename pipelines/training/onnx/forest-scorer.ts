import compile from "watr/compile";
import type { FeatureColumn } from "../../data/table.ts";
import type { EnsembleColumn, Ensembles, EnsembleTree } from "./ensembles.ts";
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

/** Bytes of a node, a line of the cache. */
const NODE_BYTES = 64;
/** Where a node has what: address of the codes of its column, of the child for a 0 (that for a 1 is behind it), what a leaf adds, and a bit for each code. */
const NODE = { codes: 0, child: 4, value: 8, sides: 16 } as const;
/** Rows that go down a tree side by side, so that one's loads need not wait for another's. */
const LANES = 8;

/**
 * Sends rows down one tree: adds to each row's sum what its leaf says. Addresses are in bytes; `rows` is a multiple of `LANES`,
 * and `codes` a byte a row beside the address that a node has. A leaf's children are itself, whatever the code.
 */
type AddTree = (root: number, rows: number, sums: number) => void;

/** The loop on a memory. In WebAssembly, because a load there has no bounds check and rows stay in registers. */
function openForestKernel(memory: WebAssembly.Memory): AddTree {
  module ??= new WebAssembly.Module(compile(TEXT));
  const { exports } = new WebAssembly.Instance(module, { forest: { memory } });
  return exports.add as AddTree;
}

let module: WebAssembly.Module | undefined;

const lanes = Array.from({ length: LANES }, (_, lane) => lane);
const step = (lane: number) => `
  (local.set $code (i32.load8_u offset=${lane} (i32.add (local.get $row) (i32.load offset=${NODE.codes} (local.get $n${lane})))))
  (local.set $n${lane} (i32.add (i32.load offset=${NODE.child} (local.get $n${lane})) (i32.shl (i32.and (i32.const 1)
    (i32.shr_u
      (i32.load offset=${NODE.sides} (i32.add (local.get $n${lane}) (i32.shl (i32.shr_u (local.get $code) (i32.const 5)) (i32.const 2))))
      (local.get $code))) (i32.const 6))))`;
const steps = lanes.map(step).join("");
const moved = lanes
  .map((lane) => `(i32.xor (local.get $n${lane}) (local.get $o${lane}))`)
  .reduce((all, each) => `(i32.or ${all} ${each})`);

const TEXT = `(module (import "forest" "memory" (memory 1))
  (func (export "add") (param $root i32) (param $rows i32) (param $sums i32)
    (local $row i32) (local $code i32)
    ${lanes.map((lane) => `(local $n${lane} i32) (local $o${lane} i32)`).join(" ")}
    (loop $next
      ${lanes.map((lane) => `(local.set $n${lane} (local.get $root))`).join(" ")}
      (loop $down
        
        ${lanes.map((lane) => `(local.set $o${lane} (local.get $n${lane}))`).join(" ")}
        ${steps}
        (br_if $down ${moved}))
      ${lanes.map((lane) => `(f32.store offset=${lane * 4} (local.get $sums) (f32.add (f32.load offset=${lane * 4} (local.get $sums)) (f32.load offset=${NODE.value} (local.get $n${lane}))))`).join("\n")}
      (local.set $sums (i32.add (local.get $sums) (i32.const ${4 * LANES})))
      (br_if $next (i32.lt_u (local.tee $row (i32.add (local.get $row) (i32.const ${LANES}))) (local.get $rows))))))`;
