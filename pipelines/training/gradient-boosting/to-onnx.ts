import type { FeatureSpec, Target } from "../../features/table.ts";
import { attr, classificationHead, OnnxGraph, regressionHead } from "../onnx/graph.ts";
import type { Encoding } from "./encode-columns.ts";
import type { Forest, Tree } from "./tree.ts";

/** Writes a forest as an ONNX model: categories become ranks, all columns one [N, C] tensor, which a tree ensemble turns into scores. */
export function forestToOnnx(forest: Forest, features: readonly FeatureSpec[], target: Target): Uint8Array {
  const graph = new OnnxGraph("gradient-boosting");
  const inputs = features.map((feature) => graph.input(feature));
  const columns = forest.columns.map((encoding) => encodedColumn(graph, encoding, inputs[encoding.feature]!));
  const matrix = columns.length === 1 ? columns[0]! : graph.node("Concat", columns, { axis: attr.int(1) })[0]!;
  const [scores] = graph.node("TreeEnsembleRegressor", [matrix], ensemble(forest), { domain: "ai.onnx.ml" });
  if (target.task === "regression") regressionHead(graph, scores!);
  else classificationHead(graph, scores!, target.classes);
  return graph.serialize();
}

function encodedColumn(graph: OnnxGraph, { categories }: Encoding, input: string): string {
  if (!categories) return input;
  const { levels, ranks, unseen } = categories;
  const known = levels
    .map((level, index) => ({ level, rank: ranks[index]! }))
    .filter(({ rank }) => !Number.isNaN(rank));
  const attributes = {
    keys_strings: attr.strings(known.map(({ level }) => level)),
    values_floats: attr.floats(known.map(({ rank }) => rank)),
    default_float: attr.float(unseen),
  };
  return graph.node("LabelEncoder", [input], attributes, { domain: "ai.onnx.ml" })[0]!;
}

/** Attributes of TreeEnsembleRegressor: all nodes of all trees one after the other, then all leaves. */
function ensemble({ trees, base }: Forest) {
  const nodes = trees.flatMap((tree, treeId) => Array.from(tree.column, (_, node) => ({ tree, treeId, node })));
  const leaves = nodes.filter(({ tree, node }) => tree.column[node]! < 0);
  const ofNodes = (read: (tree: Tree, node: number) => number) => nodes.map(({ tree, node }) => read(tree, node));
  return {
    n_targets: attr.int(base.length),
    aggregate_function: attr.string("SUM"),
    post_transform: attr.string("NONE"),
    base_values: attr.floats(base),
    nodes_treeids: attr.ints(nodes.map(({ treeId }) => treeId)),
    nodes_nodeids: attr.ints(nodes.map(({ node }) => node)),
    nodes_featureids: attr.ints(ofNodes((tree, node) => Math.max(0, tree.column[node]!))),
    nodes_modes: attr.strings(nodes.map(({ tree, node }) => (tree.column[node]! < 0 ? "LEAF" : "BRANCH_LEQ"))),
    nodes_values: attr.floats(ofNodes((tree, node) => tree.threshold[node]!)),
    nodes_truenodeids: attr.ints(ofNodes((tree, node) => tree.left[node]!)),
    nodes_falsenodeids: attr.ints(ofNodes((tree, node) => tree.right[node]!)),
    nodes_missing_value_tracks_true: attr.ints(ofNodes((tree, node) => tree.missingLeft[node]!)),
    target_treeids: attr.ints(leaves.map(({ treeId }) => treeId)),
    target_nodeids: attr.ints(leaves.map(({ node }) => node)),
    target_ids: attr.ints(leaves.map(({ tree }) => tree.output)),
    target_weights: attr.floats(leaves.map(({ tree, node }) => tree.value[node]!)),
  };
}
