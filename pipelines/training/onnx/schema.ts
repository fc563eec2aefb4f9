import protobuf from "protobufjs/light.js";

const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: "repeated", type, id });

/**
 * The part of onnx.proto that we write, with its field numbers:
 * https://github.com/onnx/onnx/blob/v1.12.0/onnx/onnx.proto (IR version 8).
 */
const MESSAGES = {
  ModelProto: {
    ir_version: field("int64", 1),
    producer_name: field("string", 2),
    producer_version: field("string", 3),
    graph: field("GraphProto", 7),
    opset_import: repeated("OperatorSetIdProto", 8),
  },
  OperatorSetIdProto: { domain: field("string", 1), version: field("int64", 2) },
  GraphProto: {
    node: repeated("NodeProto", 1),
    name: field("string", 2),
    initializer: repeated("TensorProto", 5),
    input: repeated("ValueInfoProto", 11),
    output: repeated("ValueInfoProto", 12),
  },
  NodeProto: {
    input: repeated("string", 1),
    output: repeated("string", 2),
    name: field("string", 3),
    op_type: field("string", 4),
    attribute: repeated("AttributeProto", 5),
    domain: field("string", 7),
  },
  AttributeProto: {
    name: field("string", 1),
    f: field("float", 2),
    i: field("int64", 3),
    s: field("bytes", 4),
    t: field("TensorProto", 5),
    floats: repeated("float", 7),
    ints: repeated("int64", 8),
    strings: repeated("bytes", 9),
    type: field("int32", 20),
  },
  TensorProto: {
    dims: repeated("int64", 1),
    data_type: field("int32", 2),
    string_data: repeated("bytes", 6),
    name: field("string", 8),
    raw_data: field("bytes", 9),
  },
  ValueInfoProto: { name: field("string", 1), type: field("TypeProto", 2) },
  TypeProto: { tensor_type: field("TensorTypeProto", 1) },
  TensorTypeProto: { elem_type: field("int32", 1), shape: field("TensorShapeProto", 2) },
  TensorShapeProto: { dim: repeated("DimensionProto", 1) },
  DimensionProto: { dim_value: field("int64", 1), dim_param: field("string", 2) },
};

/** Encodes a ModelProto given as a plain object; fields are written in the order of their numbers, so the bytes are deterministic. */
export function encodeModel(model: object): Uint8Array {
  const nested = Object.fromEntries(Object.entries(MESSAGES).map(([name, fields]) => [name, { fields }]));
  const type = protobuf.Root.fromJSON({ nested }).lookupType("ModelProto");
  return type.encode(model).finish();
}
