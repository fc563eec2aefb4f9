import type { FeatureSpec } from "../../data/table.ts";
import { attr, classificationHead, OnnxGraph, regressionHead } from "../onnx/graph.ts";
import { cast, DOUBLE, FLOAT, one } from "../onnx/nodes.ts";
import type { CategoryEncoding, DesignEncoding, NumberEncoding } from "./encoding.ts";

/** Scores beyond float32 are cut to its range: infinities would make a softmax NaN. */
export const LARGEST_SCORE = 3e38;

/**
 * Writes encoding and weights [width, outputs] as an ONNX model. It computes in float64 until the last step, so that
 * columns such as 1e9 ± 1 or weights that cancel lose nothing, and all machines round to the same float32.
 */
export function linearGraph(
  encoding: DesignEncoding,
  weights: Float64Array,
  features: readonly FeatureSpec[],
  classes: readonly string[],
): Uint8Array {
  const graph = new OnnxGraph("linear");
  const outputs = weights.length / encoding.width;
  const inputs = new Map(features.map((feature) => [feature.name, graph.input(feature)]));
  const numbers = encoding.features.filter((each) => each.kind === "number");
  const categories = encoding.features.filter((each) => each.kind === "category");
  const handles = numbers.map((each) => inputs.get(each.name)!);
  const intercept = graph.constant("intercept", matrix(weights, outputs, [0]));
  const terms = [
    ...(numbers.length > 0 ? numberTerms(graph, handles, numbers, weights, outputs) : []),
    ...categories.map((each) =>
      levelLookup(graph, inputs.get(each.name)!, each, (columns) =>
        graph.constant("level_weights", matrix(weights, outputs, columns)),
      ),
    ),
  ];
  const sum = terms.reduce((a, b) => one(graph.node("Add", [a, b])), intercept);
  const scores = roundToFloat(graph, sum);
  if (classes.length === 0) regressionHead(graph, scores);
  else classificationHead(graph, scores, classes);
  return graph.serialize();
}

function numberTerms(
  graph: OnnxGraph,
  inputs: readonly string[],
  numbers: readonly NumberEncoding[],
  weights: Float64Array,
  outputs: number,
): string[] {
  const x = one(graph.node("Concat", inputs, { axis: attr.int(1) }));
  const missing = one(graph.node("Or", [one(graph.node("IsNaN", [x])), one(graph.node("IsInf", [x]))]));
  const columns = numbers.map((each) => each.column);
  const indicators = numbers.map((each) => each.missing);
  const z = standardised(graph, x, missing, numbers);
  const terms = [one(graph.node("MatMul", [z, graph.constant("weights", matrix(weights, outputs, columns))]))];
  if (indicators.every((each) => each === null)) return terms;
  const shares = graph.constant("missing_weights", matrix(weights, outputs, indicators));
  return [...terms, one(graph.node("MatMul", [cast(graph, missing, DOUBLE), shares]))];
}

function standardised(graph: OnnxGraph, x: string, missing: string, numbers: readonly NumberEncoding[]): string {
  const dims = [numbers.length];
  const mean = graph.constant("mean", { type: "double", dims, data: numbers.map((each) => each.mean) });
  const scale = graph.constant("scale", { type: "double", dims, data: numbers.map((each) => each.scale) });
  const zero = graph.constant("zero", { type: "double", dims: [], data: [0] });
  const centred = one(graph.node("Sub", [cast(graph, x, DOUBLE), mean]));
  return one(graph.node("Where", [missing, zero, one(graph.node("Mul", [centred, scale]))]));
}

function roundToFloat(graph: OnnxGraph, scores: string): string {
  const low = graph.constant("lowest", { type: "double", dims: [], data: [-LARGEST_SCORE] });
  const high = graph.constant("highest", { type: "double", dims: [], data: [LARGEST_SCORE] });
  return cast(graph, one(graph.node("Clip", [scores, low, high])), FLOAT);
}

/** The given rows of the weights; null is a row of zeros. */
function matrix(weights: Float64Array, outputs: number, rows: readonly (number | null)[]) {
  const data = rows.flatMap((row) =>
    row === null ? new Array<number>(outputs).fill(0) : [...weights.subarray(row * outputs, (row + 1) * outputs)],
  );
  return { type: "double" as const, dims: [rows.length, outputs], data };
}

/**
 * A look-up of each level's weights, [N, outputs] for texts [N, 1], which is what a one-hot product comes to. `tableOf` adds
 * the table of the weights of some columns of the encoding to the graph; its last row, of null, is zeros for unseen levels.
 */
export function levelLookup(
  graph: OnnxGraph,
  input: string,
  { columnOf }: CategoryEncoding,
  tableOf: (columns: readonly (number | null)[]) => string,
): string {
  const columns = [...new Set(columnOf.values())];
  const rowOf = new Map(columns.map((column, row) => [column, row]));
  const codes = {
    keys_strings: attr.strings([...columnOf.keys()]),
    values_int64s: attr.ints([...columnOf.values()].map((column) => rowOf.get(column)!)),
    default_int64: attr.int(columns.length),
  };
  const code = one(graph.node("LabelEncoder", [input], codes, { domain: "ai.onnx.ml" }));
  const rows = one(graph.node("Gather", [tableOf([...columns, null]), code], { axis: attr.int(0) }));
  return one(graph.node("Squeeze", [rows, graph.constant("axis", { type: "int64", dims: [1], data: [1] })]));
}
