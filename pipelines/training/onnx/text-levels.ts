import protobuf from "protobufjs/minimal.js";
import {
  attributeField,
  declareInput,
  dimensionsOf,
  type Field,
  fieldsOf,
  type GraphNode,
  graphField,
  inputName,
  joinBytes,
  key,
  message,
  modelField,
  namedSizes,
  nodeField,
  nodeOf,
} from "./fields.ts";

const { Writer } = protobuf;

/** Names of the two inputs that stand for a text input: its distinct texts, and which of them each row has. */
export const levelsInput = (name: string): string => `levels of ${name}`;
export const codesInput = (name: string): string => `codes of ${name}`;

/** TensorProto.DataType. */
const [int32, text] = [6, 8];

/**
 * The same model with two inputs for each text input: its distinct texts [levels], and int32 [N, 1] which of them a row has. A
 * text then crosses into ONNX Runtime once rather than row by row, and is looked up once where a LabelEncoder takes it: what the
 * model computes is the same, value by value. null when the model has no such inputs at its top.
 */
export function withTextLevels(onnx: Uint8Array, names: readonly string[]): Uint8Array | null {
  if (names.length === 0) return null;
  const fields = fieldsOf(onnx);
  const graphs = fields.filter(({ number }) => number === modelField.graph);
  const graph = graphs.length === 1 ? leveledGraph(graphs[0]!.content, new Set(names)) : null;
  if (graph === null) return null;
  return joinBytes(fields.map((field) => (field === graphs[0] ? message(modelField.graph, graph) : field.raw)));
}

function leveledGraph(graph: Uint8Array, names: ReadonlySet<string>): Uint8Array | null {
  const fields = fieldsOf(graph);
  const nodes = new Map(
    fields.filter(({ number }) => number === graphField.node).map((field) => [field, nodeOf(field)]),
  );
  const early = encodedEarly([...nodes.values()], names);
  const gathered = [...names].filter((name) => !early.has(name));
  const found = new Set<string>();
  const parts = fields.map((field) => {
    const node = nodes.get(field);
    if (node && early.has(node.inputs[0] ?? "")) return encodeLevels(node);
    if (field.number !== graphField.input) return field.raw;
    const name = inputName(field);
    if (!names.has(name)) return field.raw;
    found.add(name);
    return twoInputs(name, field);
  });
  if (found.size < names.size) return null;
  return joinBytes([...gathered.map((name) => gather(levelsInput(name), codesInput(name), name)), ...parts]);
}

/** A body of an If or a Loop. */
function hasGraph({ attributes }: GraphNode): boolean {
  const bodies: readonly number[] = [attributeField.graph, attributeField.graphs];
  return [...attributes.values()].some((attribute) =>
    fieldsOf(attribute).some(({ number }) => bodies.includes(number)),
  );
}

/** Inputs that only LabelEncoders read, which take each value by itself: they may as well take the levels. */
function encodedEarly(nodes: readonly GraphNode[], names: ReadonlySet<string>): Set<string> {
  // The body of an If or a Loop may read an input without saying so.
  if (nodes.some(hasGraph)) return new Set();
  const isEncoder = ({ operator, inputs, outputs }: GraphNode) =>
    operator === "LabelEncoder" && inputs.length === 1 && outputs.length === 1;
  return new Set([...names].filter((name) => nodes.filter(({ inputs }) => inputs.includes(name)).every(isEncoder)));
}

/** The encoder over the levels, and behind it which of its outputs each row has, under the name that it had. */
function encodeLevels({ inputs, outputs, fields }: GraphNode): Uint8Array {
  const [[input = ""], [output = ""]] = [inputs, outputs];
  const encoded = `encoded ${output}`;
  const own = fields.map(({ number, raw }) => {
    if (number === nodeField.input) return message(number, Buffer.from(levelsInput(input)));
    return number === nodeField.output ? message(number, Buffer.from(encoded)) : raw;
  });
  return joinBytes([message(graphField.node, joinBytes(own)), gather(encoded, codesInput(input), output)]);
}

function gather(from: string, codes: string, output: string): Uint8Array {
  const writer = Writer.create().uint32(key(nodeField.input)).string(from).uint32(key(nodeField.input)).string(codes);
  writer.uint32(key(nodeField.output)).string(output).uint32(key(nodeField.operator)).string("Gather");
  return message(graphField.node, writer.finish());
}

/** In place of the declaration of a text input; the codes have its shape. */
function twoInputs(name: string, declared: Field): Uint8Array {
  return joinBytes([
    declareInput(levelsInput(name), text, namedSizes(`L ${name}`)),
    declareInput(codesInput(name), int32, dimensionsOf(declared)),
  ]);
}
