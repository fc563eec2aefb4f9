import { attr, type OnnxGraph } from "../onnx/graph.ts";

/** Names of activations, as TensorFlow.js layers have them. */
export const ACTIVATIONS = ["relu", "tanh", "elu", "selu", "sigmoid", "softplus", "swish", "linear"] as const;

export type Activation = (typeof ACTIVATIONS)[number];

/**
 * Scale of the initial weights that keeps the size of signals from layer to layer (He 2015 for those that cut the
 * negative half, LeCun 1998 for selu, Glorot 2010 for the others), in the terms of TensorFlow's variance scaling.
 */
export function initialScale(activation: Activation): { scale: number; mode: "fanIn" | "fanAvg" } {
  switch (activation) {
    case "relu":
    case "elu":
    case "swish":
      return { scale: 2, mode: "fanIn" };
    case "selu":
      return { scale: 1, mode: "fanIn" };
    default:
      return { scale: 1, mode: "fanAvg" };
  }
}

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
