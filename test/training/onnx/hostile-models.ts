import protobuf from "protobufjs/light.js";

const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: "repeated", type, id });

/** As much of onnx.proto as it takes to hide a tensor anywhere: https://github.com/onnx/onnx/blob/v1.19.0/onnx/onnx.proto */
const messages = {
  ModelProto: {
    ir_version: field("int64", 1),
    producer_name: field("string", 2),
    graph: field("GraphProto", 7),
    opset_import: repeated("OperatorSetIdProto", 8),
    training_info: repeated("TrainingInfoProto", 20),
    functions: repeated("FunctionProto", 25),
  },
  OperatorSetIdProto: { domain: field("string", 1), version: field("int64", 2) },
  TrainingInfoProto: { initialization: field("GraphProto", 1), algorithm: field("GraphProto", 2) },
  FunctionProto: {
    name: field("string", 1),
    node: repeated("NodeProto", 7),
    domain: field("string", 10),
    attribute_proto: repeated("AttributeProto", 11),
  },
  GraphProto: {
    node: repeated("NodeProto", 1),
    name: field("string", 2),
    initializer: repeated("TensorProto", 5),
    doc_string: field("string", 10),
    input: repeated("ValueInfoProto", 11),
    output: repeated("ValueInfoProto", 12),
    sparse_initializer: repeated("SparseTensorProto", 15),
  },
  NodeProto: {
    input: repeated("string", 1),
    output: repeated("string", 2),
    op_type: field("string", 4),
    attribute: repeated("AttributeProto", 5),
    domain: field("string", 7),
  },
  AttributeProto: {
    name: field("string", 1),
    i: field("int64", 3),
    t: field("TensorProto", 5),
    g: field("GraphProto", 6),
    tensors: repeated("TensorProto", 10),
    graphs: repeated("GraphProto", 11),
    type: field("int32", 20),
    sparse_tensor: field("SparseTensorProto", 22),
    sparse_tensors: repeated("SparseTensorProto", 23),
  },
  SparseTensorProto: {
    values: field("TensorProto", 1),
    indices: field("TensorProto", 2),
    dims: repeated("int64", 3),
  },
  TensorProto: {
    dims: repeated("int64", 1),
    data_type: field("int32", 2),
    name: field("string", 8),
    raw_data: field("bytes", 9),
    external_data: repeated("StringStringEntryProto", 13),
    data_location: field("int64", 14),
  },
  StringStringEntryProto: { key: field("string", 1), value: field("string", 2) },
  ValueInfoProto: { name: field("string", 1), type: field("TypeProto", 2) },
  TypeProto: { tensor_type: field("TensorTypeProto", 1) },
  TensorTypeProto: { elem_type: field("int32", 1), shape: field("TensorShapeProto", 2) },
  TensorShapeProto: { dim: repeated("DimensionProto", 1) },
  DimensionProto: { dim_value: field("int64", 1), dim_param: field("string", 2) },
};

const nested = Object.fromEntries(Object.entries(messages).map(([name, fields]) => [name, { fields }]));
const root = protobuf.Root.fromJSON({ nested });

/** The bytes of a message of onnx.proto given as a plain object. */
export function encode(message: keyof typeof messages, content: object): Uint8Array {
  return root.lookupType(message).encode(content).finish();
}

/** A tensor of four numbers that lie in weights.bin. */
export const external = {
  name: "W",
  dims: [4],
  data_type: 1,
  external_data: [
    { key: "location", value: "weights.bin" },
    { key: "length", value: "16" },
  ],
  data_location: 1,
};

/** A regression of one feature `x` that takes its predictions out of a table of four numbers. */
export function gatherModel(table: object): Uint8Array {
  const value = (name: string, columns: number) => ({
    name,
    type: { tensor_type: { elem_type: 1, shape: { dim: [{ dim_param: "N" }, { dim_value: columns }] } } },
  });
  const graph = {
    name: "table",
    node: [
      {
        op_type: "Cast",
        input: ["x"],
        output: ["at"],
        attribute: [{ name: "to", type: 2, i: 7 }],
      },
      { op_type: "Gather", input: ["W", "at"], output: ["prediction"] },
    ],
    initializer: [table],
    input: [value("x", 1)],
    output: [value("prediction", 1)],
  };
  return encode("ModelProto", { ir_version: 8, graph, opset_import: [{ domain: "", version: 17 }] });
}
