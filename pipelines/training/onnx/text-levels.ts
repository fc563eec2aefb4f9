import protobuf from "protobufjs/minimal.js";

const { Reader, Writer } = protobuf;

/** Names of the two inputs that stand for a text input: its distinct texts, and which of them each row has. */
export const levelsInput = (name: string): string => `levels of ${name}`;
export const codesInput = (name: string): string => `codes of ${name}`;

/** Field numbers: https://github.com/onnx/onnx/blob/v1.12.0/onnx/onnx.proto */
const modelField = { graph: 7 };
const graphField = { node: 1, input: 11 };
const nodeField = { input: 1, output: 2, operator: 4, attribute: 5 };
const attributeField = { graph: 6, graphs: 11 };
const valueField = { name: 1, type: 2 };
const [tensorType, elementType, shape, int32, text] = [1, 1, 2, 6, 8];

/** A field of a message with the bytes of all of it, and of what is in it where it has a length. */
interface Field {
  number: number;
  raw: Uint8Array;
  content: Uint8Array;
}

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
  return joined(fields.map((field) => (field === graphs[0] ? message(modelField.graph, graph) : field.raw)));
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
    const name = textOf(field.content, valueField.name);
    if (!names.has(name)) return field.raw;
    found.add(name);
    return twoInputs(name, field.content);
  });
  if (found.size < names.size) return null;
  return joined([...gathered.map((name) => gather(levelsInput(name), codesInput(name), name)), ...parts]);
}

interface Node {
  operator: string;
  inputs: readonly string[];
  outputs: readonly string[];
  hasGraph: boolean;
  fields: readonly Field[];
}

function nodeOf({ content }: Field): Node {
  const fields = fieldsOf(content);
  const texts = (wanted: number) =>
    fields.filter(({ number }) => number === wanted).map((field) => utf8(field.content));
  const attributes = fields.filter(({ number }) => number === nodeField.attribute);
  const hasGraph = attributes.some((attribute) =>
    fieldsOf(attribute.content).some(
      ({ number }) => number === attributeField.graph || number === attributeField.graphs,
    ),
  );
  const [operator = ""] = texts(nodeField.operator);
  return { operator, inputs: texts(nodeField.input), outputs: texts(nodeField.output), hasGraph, fields };
}

/** Inputs that only LabelEncoders read, which take each value by itself: they may as well take the levels. */
function encodedEarly(nodes: readonly Node[], names: ReadonlySet<string>): Set<string> {
  // The body of an If or a Loop may read an input without saying so.
  if (nodes.some(({ hasGraph }) => hasGraph)) return new Set();
  const isEncoder = ({ operator, inputs, outputs }: Node) =>
    operator === "LabelEncoder" && inputs.length === 1 && outputs.length === 1;
  return new Set([...names].filter((name) => nodes.filter(({ inputs }) => inputs.includes(name)).every(isEncoder)));
}

/** The encoder over the levels, and behind it which of its outputs each row has, under the name that it had. */
function encodeLevels({ inputs, outputs, fields }: Node): Uint8Array {
  const [[input = ""], [output = ""]] = [inputs, outputs];
  const encoded = `encoded ${output}`;
  const own = fields.map(({ number, raw }) => {
    if (number === nodeField.input) return message(number, Buffer.from(levelsInput(input)));
    return number === nodeField.output ? message(number, Buffer.from(encoded)) : raw;
  });
  return joined([message(graphField.node, joined(own)), gather(encoded, codesInput(input), output)]);
}

function gather(from: string, codes: string, output: string): Uint8Array {
  const writer = Writer.create().uint32(key(nodeField.input)).string(from).uint32(key(nodeField.input)).string(codes);
  writer.uint32(key(nodeField.output)).string(output).uint32(key(nodeField.operator)).string("Gather");
  return message(graphField.node, writer.finish());
}

/** In place of the declaration of a text input; the codes have its shape. */
function twoInputs(name: string, declared: Uint8Array): Uint8Array {
  const type = fieldsOf(declared).find(({ number }) => number === valueField.type)?.content ?? new Uint8Array();
  const tensor = fieldsOf(type).find(({ number }) => number === tensorType)?.content ?? new Uint8Array();
  const shapes = fieldsOf(tensor).filter(({ number }) => number === shape);
  const dimension = message(1, Writer.create().uint32(key(2)).string(`L ${name}`).finish());
  return joined([
    value(levelsInput(name), text, message(shape, dimension)),
    value(codesInput(name), int32, joined(shapes.map(({ raw }) => raw))),
  ]);
}

function value(name: string, element: number, dimensions: Uint8Array): Uint8Array {
  const tensor = joined([
    Writer.create()
      .uint32(elementType << 3)
      .int32(element)
      .finish(),
    dimensions,
  ]);
  const type = message(valueField.type, message(tensorType, tensor));
  return message(graphField.input, joined([message(valueField.name, Buffer.from(name)), type]));
}

const key = (number: number): number => (number << 3) | 2;

function message(number: number, content: Uint8Array): Uint8Array {
  return Writer.create().uint32(key(number)).bytes(content).finish();
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}

function textOf(bytes: Uint8Array, wanted: number): string {
  return utf8(fieldsOf(bytes).find(({ number }) => number === wanted)?.content ?? new Uint8Array());
}

function fieldsOf(bytes: Uint8Array): Field[] {
  const reader = Reader.create(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const from = reader.pos;
    const tag = reader.tag();
    const [number, wire] = [tag >>> 3, tag & 7];
    let content: Uint8Array = new Uint8Array();
    if (wire === 2) content = reader.bytes();
    else reader.skipType(wire, 0, number);
    fields.push({ number, raw: bytes.subarray(from, reader.pos), content });
  }
  return fields;
}
