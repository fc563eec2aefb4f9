import { attr, type OnnxGraph } from "../onnx/graph.ts";
import { one } from "../onnx/nodes.ts";
import type { CategoryEncoding } from "./encoding.ts";

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
