import { attr, type OnnxGraph } from "../onnx/graph.ts";
import type { Activation } from "./activation.ts";

/** Adds the activation to a graph; returns its output's handle. */
export function activationNode(graph: OnnxGraph, activation: Activation, input: string): string {
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
