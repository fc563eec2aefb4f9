import type { FeatureSpec } from "../../data/table.ts";
import type { DesignEncoding, NumberEncoding } from "../linear/encoding.ts";
import { LARGEST_SCORE, levelLookup } from "../linear/graph.ts";
import { attr, classificationHead, OnnxGraph, regressionHead } from "../onnx/graph.ts";
import { cast, DOUBLE, FLOAT, one } from "../onnx/nodes.ts";
import { FURTHEST, type TargetScale } from "./examples.ts";
import type { Activation, LayerWeights } from "./network.ts";
import type { TrainedNetwork } from "./predict.ts";

/** Writes encoding and layers as an ONNX model; it standardises in float64, so that columns such as 1e9 ± 1 lose nothing. */
export function networkToOnnx(trained: TrainedNetwork, features: readonly FeatureSpec[]): Uint8Array {
  const { encoding, shape, layers, classes, scale } = trained;
  const graph = new OnnxGraph("neural-network");
  const inputs = new Map(features.map((feature) => [feature.name, graph.input(feature)]));
  let signal = firstLayer(graph, inputs, encoding, layers[0]!);
  for (const layer of layers.slice(1)) {
    signal = dense(graph, activationNode(graph, shape.activation, signal), layer);
  }
  if (classes.length === 0) regressionHead(graph, rescaled(graph, signal, scale));
  else classificationHead(graph, signal, classes);
  return graph.serialize();
}

/** Sums of the first layer: a product with the numbers, and for each category a look-up, which is what a one-hot product comes to. */
function firstLayer(
  graph: OnnxGraph,
  inputs: ReadonlyMap<string, string>,
  { features }: DesignEncoding,
  layer: LayerWeights,
): string {
  const numbers = features.filter((each) => each.kind === "number");
  const categories = features.filter((each) => each.kind === "category");
  const terms = [
    ...(numbers.length > 0 ? [numberTerm(graph, inputs, numbers, layer)] : []),
    ...categories.map((each) =>
      levelLookup(graph, inputs.get(each.name)!, each, (columns) =>
        graph.constant("level_kernel", kernelRows(layer, columns)),
      ),
    ),
  ];
  const bias = graph.constant("bias", { type: "float", dims: [layer.outputs], data: layer.bias });
  return terms.reduce((a, b) => one(graph.node("Add", [a, b])), bias);
}

function numberTerm(
  graph: OnnxGraph,
  inputs: ReadonlyMap<string, string>,
  numbers: readonly NumberEncoding[],
  layer: LayerWeights,
): string {
  const handles = numbers.map((each) => inputs.get(each.name)!);
  const x = one(graph.node("Concat", handles, { axis: attr.int(1) }));
  const missing = one(graph.node("Or", [one(graph.node("IsNaN", [x])), one(graph.node("IsInf", [x]))]));
  const z = standardised(graph, x, missing, numbers);
  const columns = [...numbers.map((each) => each.column), ...numbers.map((each) => each.missing)];
  const signal = one(graph.node("Concat", [z, cast(graph, missing, FLOAT)], { axis: attr.int(1) }));
  return one(graph.node("MatMul", [signal, graph.constant("kernel", kernelRows(layer, columns))]));
}

function standardised(graph: OnnxGraph, x: string, missing: string, numbers: readonly NumberEncoding[]): string {
  const doubles = (hint: string, data: number[], dims = [data.length]) =>
    graph.constant(hint, { type: "double", dims, data });
  const mean = doubles(
    "mean",
    numbers.map((each) => each.mean),
  );
  const scale = doubles(
    "scale",
    numbers.map((each) => each.scale),
  );
  const z = one(graph.node("Mul", [one(graph.node("Sub", [cast(graph, x, DOUBLE), mean])), scale]));
  const clipped = one(
    graph.node("Clip", [z, doubles("nearest", [-FURTHEST], []), doubles("furthest", [FURTHEST], [])]),
  );
  return cast(graph, one(graph.node("Where", [missing, doubles("zero", [0], []), clipped])), FLOAT);
}

function dense(graph: OnnxGraph, input: string, { inputs, outputs, kernel, bias }: LayerWeights): string {
  const weights = graph.constant("kernel", { type: "float", dims: [inputs, outputs], data: kernel });
  return one(
    graph.node("Gemm", [input, weights, graph.constant("bias", { type: "float", dims: [outputs], data: bias })]),
  );
}

/** Back to the target's own units, cut to what a float32 can hold. */
function rescaled(graph: OnnxGraph, score: string, { mean, deviation }: TargetScale): string {
  const double = (hint: string, value: number) => graph.constant(hint, { type: "double", dims: [], data: [value] });
  const product = one(graph.node("Mul", [cast(graph, score, DOUBLE), double("target_deviation", deviation)]));
  const value = one(graph.node("Add", [product, double("target_mean", mean)]));
  const cut = one(graph.node("Clip", [value, double("lowest", -LARGEST_SCORE), double("highest", LARGEST_SCORE)]));
  return cast(graph, cut, FLOAT);
}

/** Rows of the kernel for columns of the encoding, whose first is the intercept; null is a row of zeros. */
function kernelRows({ kernel, outputs }: LayerWeights, columns: readonly (number | null)[]) {
  const data = new Float32Array(columns.length * outputs);
  for (const [i, column] of columns.entries()) {
    if (column !== null) data.set(kernel.subarray((column - 1) * outputs, column * outputs), i * outputs);
  }
  return { type: "float" as const, dims: [columns.length, outputs], data };
}

/** Adds the activation to a graph; returns its output's handle. */
function activationNode(graph: OnnxGraph, activation: Activation, input: string): string {
  switch (activation) {
    case "linear":
      return input;
    case "relu":
      return graph.node("Relu", [input])[0]!;
    case "tanh":
      return graph.node("Tanh", [input])[0]!;
    case "elu":
      return graph.node("Elu", [input], { alpha: attr.float(1) })[0]!;
    case "selu":
      return graph.node("Selu", [input])[0]!;
    case "sigmoid":
      return graph.node("Sigmoid", [input])[0]!;
    case "softplus":
      return graph.node("Softplus", [input])[0]!;
    case "swish":
      return graph.node("Mul", [input, graph.node("Sigmoid", [input])[0]!])[0]!;
  }
}
