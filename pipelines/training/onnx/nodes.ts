import { attr, type OnnxGraph } from "./graph.ts";

/** TensorProto.DataType, for `cast`. */
export const FLOAT = 1;
export const DOUBLE = 11;

/** The output of a node that has but one. */
export function one(outputs: readonly string[]): string {
  return outputs[0]!;
}

/** The tensor as another type of element. */
export function cast(graph: OnnxGraph, tensor: string, type: number): string {
  return one(graph.node("Cast", [tensor], { to: attr.int(type) }));
}
