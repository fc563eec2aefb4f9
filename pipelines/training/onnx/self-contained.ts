import protobuf from "protobufjs/minimal.js";

type Reader = protobuf.Reader;
type MessageName = "model" | "graph" | "training" | "function" | "node" | "attribute" | "sparse" | "tensor";

/**
 * The fields of onnx.proto that lead to a tensor, by their numbers: initialisers, sparse ones, a node's attributes with their
 * subgraphs (the bodies of If, Loop and Scan), functions and training graphs.
 * https://github.com/onnx/onnx/blob/v1.19.0/onnx/onnx.proto
 */
const CHILDREN: Readonly<Record<MessageName, Readonly<Record<number, MessageName>>>> = {
  model: { 7: "graph", 20: "training", 25: "function" },
  graph: { 1: "node", 5: "tensor", 15: "sparse" },
  training: { 1: "graph", 2: "graph" },
  function: { 7: "node", 11: "attribute" },
  node: { 5: "attribute" },
  attribute: { 5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse" },
  sparse: { 1: "tensor", 2: "tensor" },
  tensor: {},
};

const NODE_OPERATOR = 4;
const TENSOR_NAME = 8;
const TENSOR_ENTRY = 13;
const TENSOR_LOCATION = 14;
const [ENTRY_KEY, ENTRY_VALUE] = [1, 2];

/** An operator that loads a compiled graph from a file beside the model. */
const LOADS_A_FILE = "EPContext";

/** Protobuf's own limits: libraries read no larger message, and none that is nested deeper. */
const MOST_BYTES = 2 ** 31 - 1;
const DEEPEST = 100;

/**
 * Why an ONNX file is not a whole model by itself, or null when it is. Weights in another file (external data) are outside of
 * the model's hash: who changes that file changes the model. Reads the file once, tag by tag, whatever its depth and size; a
 * file that protobuf cannot hold is refused too.
 */
export function notSelfContained(onnx: Uint8Array): string | null {
  if (onnx.byteLength > MOST_BYTES) return `it has more than ${MOST_BYTES} bytes, which no ONNX file can hold`;
  try {
    return walk(protobuf.Reader.create(onnx), "model", onnx.byteLength, 1);
  } catch (error) {
    return `it is not an ONNX file: ${(error as Error).message}`;
  }
}

/** What is known of the tensor that is being read. */
interface TensorFacts {
  name: string;
  location: string | null;
  external: boolean;
}

/** The first problem below one message that ends at byte `end`. Without one the reader stands behind the message. */
function walk(reader: Reader, message: MessageName, end: number, depth: number): string | null {
  if (depth > DEEPEST) throw new Error(`its messages are nested more than ${DEEPEST} deep`);
  const tensor: TensorFacts = { name: "", location: null, external: false };
  while (reader.pos < end) {
    const tag = reader.tag();
    const [field, wire] = [tag >>> 3, tag & 7];
    if (wire === 3 || wire === 4) throw new Error(`there is a group at byte ${reader.pos}, and ONNX has none`);
    const child = wire === 2 ? CHILDREN[message][field] : undefined;
    const problem = child
      ? walk(reader, child, endOf(reader, end), depth + 1)
      : readLeaf(reader, message, { field, wire }, tensor);
    if (problem) return problem;
  }
  if (reader.pos !== end) throw new Error(`a message ends at byte ${reader.pos} instead of ${end}`);
  return tensor.external ? externalReason(tensor) : null;
}

/** Where the message that begins here ends, which is inside of the one that holds it. */
function endOf(reader: Reader, outer: number): number {
  const end = reader.size() + reader.pos;
  if (end > outer) throw new Error(`a message at byte ${reader.pos} is longer than what holds it`);
  return end;
}

/** Reads what tells of external data, skips anything else. */
function readLeaf(
  reader: Reader,
  message: MessageName,
  { field, wire }: { field: number; wire: number },
  tensor: TensorFacts,
): string | null {
  if (message === "tensor" && field === TENSOR_ENTRY && wire === 2) {
    tensor.external = true;
    tensor.location = locationOf(reader) ?? tensor.location;
  } else if (message === "tensor" && field === TENSOR_LOCATION && wire === 0) {
    // Once is enough, whatever is written later: a reader may take the first of two.
    if (reader.uint32() !== 0) tensor.external = true;
  } else if (message === "tensor" && field === TENSOR_NAME && wire === 2) tensor.name = shortText(reader);
  else if (message === "node" && field === NODE_OPERATOR && wire === 2) {
    if (shortText(reader) === LOADS_A_FILE) return `it has the operator ${LOADS_A_FILE}, which loads another file`;
  } else reader.skipType(wire, 0, field);
  return null;
}

function externalReason({ name, location }: TensorFacts): string {
  const tensor = name === "" ? "weights" : `the weights ${JSON.stringify(name)}`;
  const place = location === null ? "in another file" : `in the file ${JSON.stringify(location)}`;
  return `${tensor} lie ${place} (external data), outside of the model's hash`;
}

/** The value of an external_data entry `location`; null for another entry. */
function locationOf(reader: Reader): string | null {
  const entry = protobuf.Reader.create(reader.bytes());
  const found = new Map<number, string>();
  while (entry.pos < entry.len) {
    const tag = entry.tag();
    const isText = (tag & 7) === 2;
    if (isText && [ENTRY_KEY, ENTRY_VALUE].includes(tag >>> 3)) found.set(tag >>> 3, shortText(entry));
    else entry.skipType(tag & 7, 0, tag >>> 3);
  }
  return found.get(ENTRY_KEY) === "location" ? (found.get(ENTRY_VALUE) ?? null) : null;
}

/** Enough of a text to tell it; a hostile one may have megabytes. */
function shortText(reader: Reader): string {
  return Buffer.from(reader.bytes().subarray(0, 200)).toString("utf8");
}
