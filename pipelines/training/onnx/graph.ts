import protobuf from "protobufjs/light.js";
import type { FeatureSpec } from "../../data/table.ts";
import { UserError } from "../../errors/expected-error.ts";
import { type Attribute, attributeProto } from "./attribute.ts";
import { ELEMENT_TYPE, type Tensor, tensorProto } from "./tensor.ts";

export { type Attribute, attr } from "./attribute.ts";
export { classificationHead, regressionHead } from "./heads.ts";
export type { Tensor } from "./tensor.ts";

// A feature may not have the name of an output, because ONNX has one name space for both.
const OUTPUT_NAMES: readonly string[] = ["prediction", "label", "probabilities"];

// Opset 17 came with IR version 8, in 2022; we need nothing newer, and older runtimes refuse what is newer than they are.
const IR_VERSION = 8;
const OPSETS = [
  { domain: "", version: 17 },
  { domain: "ai.onnx.ml", version: 3 },
];

interface Node {
  op: string;
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, Attribute>>;
}

/**
 * Builds one ONNX model. Methods return handles of tensors, to be passed to other methods; a handle is the tensor's
 * name only inside this object, since the names in the file are chosen at the end, clear of every column's name.
 */
export class OnnxGraph {
  readonly name: string;
  readonly #inputs = new Map<string, FeatureSpec>();
  readonly #constants = new Map<string, Tensor>();
  readonly #nodes: Node[] = [];
  readonly #outputs: { name: string; type: "float" | "string"; dims: readonly (number | string)[] }[] = [];
  readonly #handles = new Set<string>();
  readonly #counts = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  /** Declares the input of a feature, [N, 1], named exactly like its column; returns its handle. Throws UserError for a name the file cannot hold. */
  input(feature: FeatureSpec): string {
    checkInputName(feature.name);
    if ([...this.#inputs.values()].some((other) => other.name === feature.name)) {
      throw new Error(`The model already has an input named ${JSON.stringify(feature.name)}.`);
    }
    const handle = this.#handle("input");
    this.#inputs.set(handle, { name: feature.name, kind: feature.kind });
    return handle;
  }

  /** Adds an initializer; `hint` makes its name readable in a graph viewer. */
  constant(hint: string, tensor: Tensor): string {
    const handle = this.#handle(hint);
    this.#constants.set(handle, tensor);
    return handle;
  }

  /** Adds an operator and returns the handles of its outputs; `outputs` are final names or how many there are (1 by default). */
  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    options: { domain?: "ai.onnx.ml"; outputs?: readonly string[] | number } = {},
  ): string[] {
    for (const input of inputs) {
      // The empty name is ONNX's way to leave an optional input out.
      if (input !== "" && !this.#handles.has(input)) throw new Error(`${op} reads ${input}, which nothing computes.`);
    }
    const wanted = options.outputs ?? 1;
    const outputs =
      typeof wanted === "number"
        ? Array.from({ length: wanted }, () => this.#handle(op))
        : wanted.map((name) => this.#outputHandle(name));
    this.#nodes.push({ op, domain: options.domain ?? "", inputs, outputs, attributes });
    return outputs;
  }

  /** Makes a tensor that a node named (`outputs: ["prediction"]`) an output of the model. */
  output(name: string, type: "float" | "string", dims: readonly (number | string)[]): void {
    if (!this.#handles.has(name)) throw new Error(`The output ${name} is not computed by any node.`);
    this.#outputs.push({ name, type, dims });
  }

  /** The bytes of the .onnx file; the same calls give the same bytes. */
  serialize(): Uint8Array {
    const nameOf = this.#finalNames();
    const graph = {
      name: this.name,
      node: this.#nodes.map((node) => nodeProto(node, nameOf)),
      initializer: [...this.#constants].map(([handle, tensor]) => tensorProto(nameOf(handle), tensor)),
      input: [...this.#inputs.values()].map((each) => valueInfo(each.name, inputType(each), ["N", 1])),
      output: this.#outputs.map((each) => valueInfo(each.name, each.type, each.dims)),
    };
    return encodeModel({ ir_version: IR_VERSION, producer_name: "mergeml", graph, opset_import: OPSETS });
  }

  #handle(hint: string): string {
    const count = this.#counts.get(hint) ?? 0;
    this.#counts.set(hint, count + 1);
    const handle = `${hint}#${count}`;
    this.#handles.add(handle);
    return handle;
  }

  #outputHandle(name: string): string {
    if (!OUTPUT_NAMES.includes(name)) throw new Error(`${name} is none of the outputs ${OUTPUT_NAMES.join(", ")}.`);
    if (this.#handles.has(name)) throw new Error(`The output ${name} is computed twice.`);
    this.#handles.add(name);
    return name;
  }

  /** Handles as they are, unless a column is named like one: then with as many underscores in front as it takes. */
  #finalNames(): (handle: string) => string {
    const columns = [...this.#inputs.values()].map((each) => each.name);
    let prefix = "";
    const taken = (name: string) => name.startsWith(prefix) && this.#handles.has(name.slice(prefix.length));
    while (columns.some(taken)) prefix += "_";
    return (handle) => {
      const input = this.#inputs.get(handle);
      if (input) return input.name;
      return handle === "" || OUTPUT_NAMES.includes(handle) ? handle : prefix + handle;
    };
  }
}

function checkInputName(name: string): void {
  const rename = "Rename the column in the feature query, e.g. `… AS input_value`.";
  if (OUTPUT_NAMES.includes(name)) {
    throw new UserError({
      message: `The feature \`${name}\` has the name of one of the model's outputs (${OUTPUT_NAMES.join(", ")}).`,
      hint: rename,
    });
  }
  if (name === "" || name.includes("\0")) {
    throw new UserError({
      message: `A feature's name is ${name === "" ? "empty" : `${JSON.stringify(name)}, with a null character in it`}, which no ONNX input may have.`,
      hint: rename,
    });
  }
}

function inputType(feature: FeatureSpec): "float" | "string" {
  return feature.kind === "category" ? "string" : "float";
}

function nodeProto(node: Node, nameOf: (handle: string) => string): object {
  return {
    op_type: node.op,
    input: node.inputs.map(nameOf),
    output: node.outputs.map(nameOf),
    attribute: Object.entries(node.attributes).map(([name, value]) => attributeProto(name, value)),
    ...(node.domain && { domain: node.domain }),
  };
}

function valueInfo(name: string, type: "float" | "string", dims: readonly (number | string)[]): object {
  const dim = dims.map((each) => (typeof each === "string" ? { dim_param: each } : { dim_value: each }));
  return { name, type: { tensor_type: { elem_type: ELEMENT_TYPE[type], shape: { dim } } } };
}

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
function encodeModel(model: object): Uint8Array {
  const nested = Object.fromEntries(Object.entries(MESSAGES).map(([name, fields]) => [name, { fields }]));
  const type = protobuf.Root.fromJSON({ nested }).lookupType("ModelProto");
  return type.encode(model).finish();
}
