import type { FeatureSpec, Target } from "../../data/table.ts";
import { attr, classificationHead, OnnxGraph, regressionHead } from "../onnx/graph.ts";
import type { Encoding } from "./encode-columns.ts";
import type { Forest, Tree } from "./tree.ts";

/** Sets of categories in one ensemble: a batch of rows has a column for each, and should fit the processor's cache. */
const SETS_PER_ENSEMBLE = 192;

/**
 * Writes a forest as an ONNX model. Numbers go into the tree ensemble as they are. A category becomes its bin code and
 * then, by table look-up, one number per set of codes that some node sends left: 0 inside the set, else 1.
 */
export function forestToOnnx(forest: Forest, features: readonly FeatureSpec[], target: Target): Uint8Array {
  const graph = new OnnxGraph("gradient-boosting");
  const inputs = features.map((feature) => graph.input(feature));
  const columns = forest.columns.map((encoding) => {
    const input = inputs[encoding.feature]!;
    return encoding.categories ? codesOf(graph, encoding.categories, input) : input;
  });
  const parts = inParts(forest).map((trees) => {
    const matrix = ensembleMatrix(forest, trees);
    const attributes = ensembleAttributes(trees, forest.base.length, matrix);
    const values = valuesOf(graph, columns, matrix);
    return graph.node("TreeEnsembleRegressor", [values], attributes, { domain: "ai.onnx.ml" })[0]!;
  });
  // Not the ensemble's base_values, which ONNX Runtime leaves out for outputs that no leaf adds to.
  const base = graph.constant("base", { type: "float", dims: [1, forest.base.length], data: forest.base });
  const scores = graph.node("Sum", [...parts, base])[0]!;
  if (target.task === "regression") {
    regressionHead(graph, forest.link === "log" ? graph.node("Exp", [scores])[0]! : scores);
  } else classificationHead(graph, scores, target.classes);
  return graph.serialize();
}

/** Bin codes, int64 [N], of a category's texts. */
function codesOf(graph: OnnxGraph, categories: NonNullable<Encoding["categories"]>, input: string): string {
  const { levels, codes, unseen } = categories;
  const attributes = {
    keys_strings: attr.strings(levels),
    values_int64s: attr.ints(codes),
    default_int64: attr.int(unseen),
  };
  const [column] = graph.node("LabelEncoder", [input], attributes, { domain: "ai.onnx.ml" });
  const flat = graph.constant("flat", { type: "int64", dims: [1], data: [-1] });
  return graph.node("Reshape", [column!, flat])[0]!;
}

/** Divides the trees, in their order, such that no part has many sets of categories. */
function inParts({ trees }: Forest): Tree[][] {
  const parts: Tree[][] = [];
  let sets = 0;
  for (const tree of trees) {
    const own = tree.sides.filter((sides) => sides !== null).length;
    if (parts.length === 0 || sets + own > SETS_PER_ENSEMBLE) {
      parts.push([]);
      sets = 0;
    }
    sets += own;
    parts.at(-1)!.push(tree);
  }
  return parts;
}

/** The input of an ensemble, float [N, columns of the matrix]. */
function valuesOf(graph: OnnxGraph, columns: readonly string[], { blocks }: EnsembleMatrix): string {
  const values = blocks.map(({ column, sets }) => {
    if (!sets) return columns[column]!;
    const codes = sets[0]!.length;
    const outside = Array.from({ length: codes }, (_, code) => sets.map((sides) => sides[code] === 0)).flat();
    const table = graph.constant("outside", { type: "bool", dims: [codes, sets.length], data: outside });
    const [found] = graph.node("Gather", [table, columns[column]!], { axis: attr.int(0) });
    return graph.node("Cast", [found!], { to: attr.int(1) })[0]!;
  });
  return values.length === 1 ? values[0]! : graph.node("Concat", values, { axis: attr.int(1) })[0]!;
}

/** Attributes of TreeEnsembleRegressor: all nodes of all trees one after the other, then all leaves. */
function ensembleAttributes(trees: readonly Tree[], outputs: number, matrix: EnsembleMatrix) {
  const nodes = trees.flatMap((tree, treeId) => Array.from(tree.column, (_, node) => ({ tree, treeId, node })));
  const isLeaf = (tree: Tree, node: number) => tree.column[node]! < 0;
  const leaves = nodes.filter(({ tree, node }) => isLeaf(tree, node));
  const ofNodes = (read: (tree: Tree, node: number) => number) => nodes.map(({ tree, node }) => read(tree, node));
  return {
    n_targets: attr.int(outputs),
    aggregate_function: attr.string("SUM"),
    post_transform: attr.string("NONE"),
    nodes_treeids: attr.ints(nodes.map(({ treeId }) => treeId)),
    nodes_nodeids: attr.ints(nodes.map(({ node }) => node)),
    nodes_featureids: attr.ints(ofNodes((tree, node) => (isLeaf(tree, node) ? 0 : matrix.columnOf(tree, node)))),
    nodes_modes: attr.strings(nodes.map(({ tree, node }) => (isLeaf(tree, node) ? "LEAF" : "BRANCH_LEQ"))),
    // A category's column is 0 or 1.
    nodes_values: attr.floats(ofNodes((tree, node) => (tree.sides[node] ? 0.5 : tree.threshold[node]!))),
    nodes_truenodeids: attr.ints(ofNodes((tree, node) => tree.left[node]!)),
    nodes_falsenodeids: attr.ints(ofNodes((tree, node) => tree.right[node]!)),
    nodes_missing_value_tracks_true: attr.ints(ofNodes((tree, node) => tree.missingLeft[node]!)),
    target_treeids: attr.ints(leaves.map(({ treeId }) => treeId)),
    target_nodeids: attr.ints(leaves.map(({ node }) => node)),
    target_ids: attr.ints(leaves.map(({ tree }) => tree.output)),
    target_weights: attr.floats(leaves.map(({ tree, node }) => tree.value[node]!)),
  };
}

/** Adjacent columns of the matrix: a number's one, or a category's, one per set of codes. */
interface MatrixBlock {
  /** Column of the forest. */
  column: number;
  /** Numbers: null. Categories: by code, 1 when it goes left. */
  sets: readonly Uint8Array[] | null;
}

/** The columns that an ONNX tree ensemble of some trees compares with thresholds, each once. */
interface EnsembleMatrix {
  blocks: readonly MatrixBlock[];
  /** Column of the matrix that a splitting node looks at. */
  columnOf(tree: Tree, node: number): number;
}

/** Collects what the nodes of `trees` look at; at least one column, since an ensemble needs an input. */
function ensembleMatrix(forest: Forest, trees: readonly Tree[]): EnsembleMatrix {
  const setsOf = new Map<number, Map<string, Uint8Array>>();
  for (const tree of trees) {
    tree.column.forEach((column, node) => {
      if (column < 0) return;
      if (!setsOf.has(column)) setsOf.set(column, new Map());
      const sides = tree.sides[node] ?? new Uint8Array();
      setsOf.get(column)!.set(keyOf(sides), sides);
    });
  }
  if (setsOf.size === 0) {
    const { categories, bins } = forest.columns[0]!;
    const sides = new Uint8Array(categories ? bins + 1 : 0);
    setsOf.set(0, new Map([[keyOf(sides), sides]]));
  }
  const used = [...setsOf.keys()].sort((a, b) => a - b);
  const indices = new Map<number, Map<string, number>>();
  let columns = 0;
  for (const column of used) {
    indices.set(column, new Map([...setsOf.get(column)!.keys()].map((key) => [key, columns++])));
  }
  const blocks = used.map((column) => {
    const isCategory = forest.columns[column]!.categories !== null;
    return { column, sets: isCategory ? [...setsOf.get(column)!.values()] : null };
  });
  return {
    blocks,
    columnOf: (tree, node) => indices.get(tree.column[node]!)!.get(keyOf(tree.sides[node] ?? new Uint8Array()))!,
  };
}

function keyOf(sides: Uint8Array): string {
  return Buffer.from(sides).toString("latin1");
}
