import {
  attributeField,
  declareInput,
  type Field,
  fieldsOf,
  firstText,
  floatsOf,
  type GraphNode,
  graphField,
  inputName,
  intsOf,
  joinBytes,
  message,
  modelField,
  namedSizes,
  nodeOf,
  tensorField,
  textsOf,
} from "./fields.ts";
import { ELEMENT_TYPE } from "./tensor.ts";

/** What trees look at: a number input, or the code that a text input has by its level. */
export interface EnsembleColumn {
  input: string;
  /** null for a number. */
  categories: { levels: readonly string[]; codes: readonly number[]; unseen: number } | null;
}

/** One tree, node 0 its root. */
export interface EnsembleTree {
  /** Which score its leaves add to. */
  target: number;
  /** What a node adds when it is a leaf. */
  value: Float32Array;
  /** Index of the column it looks at; -1 for a leaf. */
  column: Int32Array;
  left: Int32Array;
  right: Int32Array;
  /** Numbers: x ≤ threshold goes left, NaN where `missingLeft` says. */
  threshold: Float32Array;
  missingLeft: Uint8Array;
  /** Categories: by code, whether it goes left; null for other nodes. */
  sides: readonly (Uint8Array | null)[];
}

/** A model that is tree ensembles, a constant, and what is made of their sum. */
export interface Ensembles {
  columns: readonly EnsembleColumn[];
  /** Ensembles, whose sums are added to each other in their order, then the base. */
  parts: readonly (readonly EnsembleTree[])[];
  base: Float32Array;
  /** The rest of the model, whose only input is the sum, float [N, scores]. */
  head: Uint8Array;
  headInput: string;
  /** Whether its output `prediction` is the sum as it is. */
  isSum: boolean;
}

/**
 * Takes apart a model whose graph is as `gradient-boosting` writes it: sums of TreeEnsembleRegressors over numbers as they are
 * and sets of codes. null for every other graph, which is no error: ONNX Runtime scores it.
 */
export function readEnsembles(onnx: Uint8Array): Ensembles | null {
  const model = fieldsOf(onnx);
  const graphs = model.filter(({ number }) => number === modelField.graph);
  if (graphs.length !== 1) return null;
  const graph = graphOf(graphs[0]!.content);
  const sums = graph.nodes.filter((node) => node.operator === "Sum" && isOfEnsembles(node, graph));
  const [sum] = sums;
  if (sum === undefined || sums.length > 1) return null;
  try {
    const columns: EnsembleColumn[] = [];
    const places = new Map<string, number>();
    const base = constant(graph, sum.inputs.at(-1)!, ELEMENT_TYPE.float);
    const parts = sum.inputs.slice(0, -1).map((input) => treesOf(graph, graph.by.get(input)!, base.dims[1] ?? 0, add));
    const [headInput = ""] = sum.outputs;
    const rest = headGraph(graph, headInput);
    const head = joinBytes(model.map((field) => (field === graphs[0] ? message(modelField.graph, rest) : field.raw)));
    const last = graph.by.get("prediction");
    const isSum = last?.operator === "Identity" && last.inputs[0] === headInput;
    return { columns, parts, base: floats(base.raw), head, headInput, isSum };

    function add(tensor: string): number {
      const place = places.get(tensor) ?? columns.length;
      if (place === columns.length) columns.push(columnOf(graph, tensor));
      places.set(tensor, place);
      return place;
    }
  } catch (error) {
    if (error instanceof AnotherGraph) return null;
    throw error;
  }
}

/** Told to nobody: a graph is not what we take apart. */
class AnotherGraph extends Error {}

function want(condition: boolean): asserts condition {
  if (!condition) throw new AnotherGraph();
}

interface Graph {
  nodes: readonly GraphNode[];
  /** The node that computes a tensor. */
  by: ReadonlyMap<string, GraphNode>;
  constants: ReadonlyMap<string, Field>;
  inputs: ReadonlySet<string>;
  fields: readonly Field[];
}

function graphOf(bytes: Uint8Array): Graph {
  const fields = fieldsOf(bytes);
  const all = (wanted: number) => fields.filter(({ number }) => number === wanted);
  const nodes = all(graphField.node).map(nodeOf);
  return {
    nodes,
    by: new Map(nodes.flatMap((node) => node.outputs.map((output): [string, GraphNode] => [output, node]))),
    constants: new Map(
      all(graphField.initializer).map((field): [string, Field] => [firstText(field.content, tensorField.name), field]),
    ),
    inputs: new Set(all(graphField.input).map(inputName)),
    fields,
  };
}

function isOfEnsembles({ inputs }: GraphNode, { by, constants }: Graph): boolean {
  const parts = inputs.slice(0, -1).map((input) => by.get(input)?.operator);
  return parts.length > 0 && parts.every((each) => each === "TreeEnsembleRegressor") && constants.has(inputs.at(-1)!);
}

interface Constant {
  dims: readonly number[];
  raw: Uint8Array;
}

function constant({ constants }: Graph, name: string, type: number): Constant {
  const field = constants.get(name);
  want(field !== undefined && intsOf(field.content, tensorField.type)[0] === type);
  const raw = fieldsOf(field.content).find(({ number }) => number === tensorField.raw)?.content;
  want(raw !== undefined);
  return { dims: intsOf(field.content, tensorField.dims), raw };
}

function floats(raw: Uint8Array): Float32Array {
  return new Float32Array(Uint8Array.from(raw).buffer);
}

/** Attributes of an ensemble that say what we can do, and nothing else. */
const known = new Set([
  ...["n_targets", "aggregate_function", "post_transform", "nodes_treeids", "nodes_nodeids", "nodes_featureids"],
  ...["nodes_modes", "nodes_values", "nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true"],
  ...["target_treeids", "target_nodeids", "target_ids", "target_weights"],
]);

/** A column of an ensemble's input: a column of ours, and which codes go left where it is a set. */
interface MatrixColumn {
  column: number;
  sides: Uint8Array | null;
}

function treesOf(graph: Graph, node: GraphNode, targets: number, add: (tensor: string) => number): EnsembleTree[] {
  const { attributes } = node;
  const bytes = (name: string) => attributes.get(name) ?? new Uint8Array();
  const ints = (name: string) => intsOf(bytes(name), attributeField.ints);
  const text = (name: string) => firstText(bytes(name), attributeField.text);
  want([...attributes.keys()].every((name) => known.has(name)));
  want(text("aggregate_function") === "SUM" && text("post_transform") === "NONE");
  want(intsOf(bytes("n_targets"), attributeField.int)[0] === targets);
  const matrix = matrixOf(graph, node.inputs[0]!, add);
  const modes = textsOf(fieldsOf(bytes("nodes_modes")), attributeField.strings);
  want(modes.every((mode) => mode === "LEAF" || mode === "BRANCH_LEQ"));
  const [treeIds, nodeIds] = [ints("nodes_treeids"), ints("nodes_nodeids")];
  const nodes = {
    ...{ modes, features: ints("nodes_featureids"), values: floatsOf(bytes("nodes_values"), attributeField.floats) },
    ...{ yes: ints("nodes_truenodeids"), no: ints("nodes_falsenodeids") },
    missing: ints("nodes_missing_value_tracks_true"),
  };
  want(Object.values(nodes).every(({ length }) => length === treeIds.length) && nodeIds.length === treeIds.length);
  const trees: EnsembleTree[] = [];
  const starts: number[] = [];
  for (const [at, id] of treeIds.entries()) {
    if (id === trees.length) {
      const end = treeIds.indexOf(id + 1, at);
      trees.push(treeAt(nodes, at, end < 0 ? treeIds.length : end, matrix));
      starts.push(at);
    }
    want(id === trees.length - 1 && nodeIds[at] === at - starts.at(-1)!);
  }
  const [ofTree, ofNode, ids] = [ints("target_treeids"), ints("target_nodeids"), ints("target_ids")];
  const weights = floatsOf(bytes("target_weights"), attributeField.floats);
  want([ofNode, ids, weights].every(({ length }) => length === ofTree.length));
  want(modes.filter((mode) => mode === "LEAF").length === ofTree.length);
  const given = new Set<string>();
  for (const [at, of] of ofTree.entries()) {
    const [tree, leaf, target] = [trees[of], ofNode[at]!, ids[at]!];
    want(tree?.column[leaf] === -1 && target >= 0 && target < targets);
    want(tree.target === target || tree.target < 0);
    want(given.size < given.add(`${of} ${leaf}`).size);
    tree.target = target;
    tree.value[leaf] = weights[at]!;
  }
  return trees;
}

interface Nodes {
  modes: readonly string[];
  features: readonly number[];
  values: readonly number[];
  yes: readonly number[];
  no: readonly number[];
  missing: readonly number[];
}

/** The nodes from `start` to before `end`; each but the root has one parent before it. */
function treeAt(nodes: Nodes, start: number, end: number, matrix: readonly MatrixColumn[]): EnsembleTree {
  const size = end - start;
  const numbers = () => new Int32Array(size);
  const sides = new Array<Uint8Array | null>(size).fill(null);
  const [column, left, right] = [numbers().fill(-1), numbers(), numbers()];
  const [threshold, value, missingLeft] = [new Float32Array(size), new Float32Array(size), new Uint8Array(size)];
  const seen = new Uint8Array(size);
  for (let node = 0; node < size; node++) {
    if (nodes.modes[start + node] === "LEAF") continue;
    const looked = matrix[nodes.features[start + node]!];
    want(looked !== undefined);
    column[node] = looked.column;
    sides[node] = looked.sides;
    left[node] = nodes.yes[start + node]!;
    right[node] = nodes.no[start + node]!;
    for (const child of [left[node]!, right[node]!]) {
      want(child > node && child < size && seen[child] === 0);
      seen[child] = 1;
    }
    threshold[node] = nodes.values[start + node]!;
    want(!Number.isNaN(threshold[node]));
    missingLeft[node] = nodes.missing[start + node]!;
    // A set's column is 0 within it and 1 without.
    want(looked.sides === null || (threshold[node]! >= 0 && threshold[node]! < 1));
  }
  return { target: -1, value, column, left, right, threshold, missingLeft, sides };
}

function matrixOf(graph: Graph, tensor: string, add: (tensor: string) => number): MatrixColumn[] {
  if (graph.inputs.has(tensor)) return [{ column: add(tensor), sides: null }];
  const node = graph.by.get(tensor);
  if (node?.operator === "Concat") {
    want(intsOf(node.attributes.get("axis") ?? new Uint8Array(), attributeField.int)[0] === 1);
    return node.inputs.flatMap((input) => matrixOf(graph, input, add));
  }
  want(node?.operator === "Cast");
  want(intsOf(node.attributes.get("to") ?? new Uint8Array(), attributeField.int)[0] === ELEMENT_TYPE.float);
  const gather = graph.by.get(node.inputs[0]!);
  want(gather?.operator === "Gather");
  const [table = "", codes = ""] = gather.inputs;
  const axis = gather.attributes.get("axis");
  want(axis === undefined || (intsOf(axis, attributeField.int)[0] ?? 0) === 0);
  const { dims, raw } = constant(graph, table, ELEMENT_TYPE.bool);
  const [count = 0, sets = 0] = dims;
  want(dims.length === 2 && raw.length === count * sets);
  const column = add(codes);
  return Array.from({ length: sets }, (_, set) => ({
    column,
    sides: Uint8Array.from({ length: count }, (_, code) => (raw[code * sets + set] === 0 ? 1 : 0)),
  }));
}

/** A number input, or Reshape(LabelEncoder(text input)). */
function columnOf(graph: Graph, tensor: string): EnsembleColumn {
  if (graph.inputs.has(tensor)) return { input: tensor, categories: null };
  const flat = graph.by.get(tensor);
  want(flat?.operator === "Reshape");
  const encoder = graph.by.get(flat.inputs[0]!);
  want(encoder?.operator === "LabelEncoder" && graph.inputs.has(encoder.inputs[0]!));
  const bytes = (name: string) => encoder.attributes.get(name) ?? new Uint8Array();
  const levels = textsOf(fieldsOf(bytes("keys_strings")), attributeField.strings);
  const codes = intsOf(bytes("values_int64s"), attributeField.ints);
  want(encoder.attributes.size === 3 && levels.length === codes.length && new Set(levels).size === levels.length);
  const unseen = intsOf(bytes("default_int64"), attributeField.int)[0] ?? 0;
  return { input: encoder.inputs[0]!, categories: { levels, codes, unseen } };
}

/** Nodes that need nothing but the sum and constants, with the graph's own outputs. */
function headGraph({ nodes, constants, fields }: Graph, sum: string): Uint8Array {
  const computed = new Set([sum]);
  const kept = new Set<Field>();
  for (const { inputs, outputs, field } of nodes) {
    if (!inputs.every((input) => computed.has(input) || constants.has(input)) || inputs.length === 0) continue;
    kept.add(field);
    for (const input of inputs) if (constants.has(input)) kept.add(constants.get(input)!);
    for (const output of outputs) computed.add(output);
  }
  const replaced = new Set([graphField.node, graphField.initializer, graphField.input]);
  const parts = fields.filter((field) => kept.has(field) || !replaced.has(field.number)).map(({ raw }) => raw);
  return joinBytes([...parts, declareInput(sum, ELEMENT_TYPE.float, namedSizes("N", "scores"))]);
}
