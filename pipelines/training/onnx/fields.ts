import protobuf from "protobufjs/minimal.js";

const { Reader, Writer } = protobuf;

/** Field numbers: https://github.com/onnx/onnx/blob/v1.12.0/onnx/onnx.proto */
export const modelField = { graph: 7 };
export const graphField = { node: 1, initializer: 5, input: 11 };
export const nodeField = { input: 1, output: 2, operator: 4, attribute: 5 };
export const attributeField = { name: 1, int: 3, text: 4, graph: 6, floats: 7, ints: 8, strings: 9, graphs: 11 };
export const tensorField = { dims: 1, type: 2, name: 8, raw: 9 };
const valueField = { name: 1, type: 2 };
const [tensorType, elementType, shape] = [1, 1, 2];

/** A field of a message with the bytes of all of it, and of what is in it where it has a length. */
export interface Field {
  number: number;
  raw: Uint8Array;
  content: Uint8Array;
}

/** The fields of a message, in their order. */
export function fieldsOf(bytes: Uint8Array): Field[] {
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

/** Whole numbers of a field that may be repeated, packed or not; of larger ones than 32 bits the lower 32. */
export function intsOf(bytes: Uint8Array, wanted: number): number[] {
  return numbersOf(bytes, wanted, 0, (reader) => reader.int32());
}

/** The same of float32 numbers. */
export function floatsOf(bytes: Uint8Array, wanted: number): number[] {
  return numbersOf(bytes, wanted, 5, (reader) => reader.float());
}

type OpenReader = ReturnType<typeof Reader.create>;

function numbersOf(bytes: Uint8Array, wanted: number, wire: number, read: (reader: OpenReader) => number): number[] {
  const reader = Reader.create(bytes);
  const numbers: number[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.tag();
    if (tag === ((wanted << 3) | 2)) {
      const end = reader.uint32() + reader.pos;
      while (reader.pos < end) numbers.push(read(reader));
    } else if (tag === ((wanted << 3) | wire)) numbers.push(read(reader));
    else reader.skipType(tag & 7, 0, tag >>> 3);
  }
  return numbers;
}

/** The first text of a field; empty when there is none. */
export function firstText(bytes: Uint8Array, wanted: number): string {
  return utf8(fieldsOf(bytes).find(({ number }) => number === wanted)?.content ?? new Uint8Array());
}

/** All texts of a field. */
export function textsOf(fields: readonly Field[], wanted: number): string[] {
  return fields.filter(({ number }) => number === wanted).map(({ content }) => utf8(content));
}

/** The tag of a field that has a length. */
export const key = (number: number): number => (number << 3) | 2;

/** A field that has a length. */
export function message(number: number, content: Uint8Array): Uint8Array {
  return Writer.create().uint32(key(number)).bytes(content).finish();
}

/** Bytes one behind the other. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** A node of a graph. */
export interface GraphNode {
  operator: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: ReadonlyMap<string, Uint8Array>;
  fields: readonly Field[];
  /** It as a field of its graph. */
  field: Field;
}

export function nodeOf(field: Field): GraphNode {
  const fields = fieldsOf(field.content);
  const attributes = fields
    .filter(({ number }) => number === nodeField.attribute)
    .map(({ content }): [string, Uint8Array] => [firstText(content, attributeField.name), content]);
  const [operator = ""] = textsOf(fields, nodeField.operator);
  const [inputs, outputs] = [textsOf(fields, nodeField.input), textsOf(fields, nodeField.output)];
  return { operator, inputs, outputs, attributes: new Map(attributes), fields, field };
}

/** The name of an input's declaration. */
export function inputName({ content }: Field): string {
  return firstText(content, valueField.name);
}

/** The sizes in an input's declaration, as fields of another one. */
export function dimensionsOf({ content }: Field): Uint8Array {
  const type = fieldsOf(content).find(({ number }) => number === valueField.type)?.content ?? new Uint8Array();
  const tensor = fieldsOf(type).find(({ number }) => number === tensorType)?.content ?? new Uint8Array();
  return joinBytes(
    fieldsOf(tensor)
      .filter(({ number }) => number === shape)
      .map(({ raw }) => raw),
  );
}

/** Declares an input whose sizes are called so. */
export function namedSizes(...names: readonly string[]): Uint8Array {
  const sizes = names.map((name) => message(1, Writer.create().uint32(key(2)).string(name).finish()));
  return message(shape, joinBytes(sizes));
}

/** Declares an input of a graph: a tensor of a type of elements. */
export function declareInput(name: string, element: number, dimensions: Uint8Array): Uint8Array {
  const type = Writer.create()
    .uint32(elementType << 3)
    .int32(element)
    .finish();
  const declared = message(valueField.type, message(tensorType, joinBytes([type, dimensions])));
  return message(graphField.input, joinBytes([message(valueField.name, Buffer.from(name)), declared]));
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
