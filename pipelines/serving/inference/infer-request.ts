import { didYouMean } from "../../errors/expected-error.ts";
import { keyText, openCells } from "../rows/cells.ts";
import {
  CellProblems,
  type CodedTexts,
  missingColumn,
  RefusedRequest,
  type RowBatch,
  type RowSignature,
} from "../served-model.ts";
import { datatypes, readBinary } from "./tensor-data.ts";

/** An input of `POST /v2/models/{m}/infer`, its values row-major. */
interface InputTensor {
  name: string;
  datatype: string;
  /** Rows: the first dimension. */
  rows: number;
  values: ArrayLike<unknown> | CodedTexts;
  /** In binary floats there is no null: with this parameter NaN stands for a missing value. */
  nanIsMissing: boolean;
}

/** Which outputs are wanted, and whether as bytes. */
interface WantedOutput {
  name: string;
  binary: boolean;
}

export interface InferRequest {
  id: string | undefined;
  inputs: readonly InputTensor[];
  /** null: all of them. */
  outputs: readonly WantedOutput[] | null;
  /** For outputs that are not named. */
  binaryOutput: boolean;
}

type Parameters = Readonly<Record<string, unknown>>;

/** The JSON of a request, as far as its schema has been checked. */
export interface InferBody {
  id?: string;
  parameters?: Parameters;
  inputs: readonly {
    name: string;
    datatype: string;
    shape: readonly number[];
    parameters?: Parameters;
    data?: readonly unknown[];
  }[];
  outputs?: readonly { name: string; parameters?: Parameters }[];
}

/** JSON Schema of that JSON; Fastify checks it, and `/openapi.json` shows it. */
export const inferSchema = {
  type: "object",
  required: ["inputs"],
  properties: {
    id: { type: "string", maxLength: 1000 },
    parameters: {
      type: "object",
      properties: { binary_data_output: { type: "boolean" }, nan_is_missing: { type: "boolean" } },
    },
    inputs: {
      type: "array",
      minItems: 1,
      maxItems: 10_000,
      items: {
        type: "object",
        required: ["name", "shape", "datatype"],
        properties: {
          name: { type: "string" },
          datatype: { type: "string", enum: datatypes },
          shape: {
            type: "array",
            minItems: 1,
            maxItems: 8,
            items: { type: "integer", minimum: 0, maximum: 2147483647 },
          },
          parameters: {
            type: "object",
            properties: {
              binary_data_size: { type: "integer", minimum: 0 },
              nan_is_missing: { type: "boolean" },
            },
          },
          data: { type: "array" },
        },
      },
    },
    outputs: {
      type: "array",
      maxItems: 100,
      items: {
        type: "object",
        required: ["name"],
        properties: {
          name: { type: "string" },
          parameters: { type: "object", properties: { binary_data: { type: "boolean" } } },
        },
      },
    },
  },
} as const;

/** Joins the JSON of a request and the bytes behind it. Throws RefusedRequest when they do not agree. */
export function readInferRequest(body: InferBody, binary: Uint8Array): InferRequest {
  let at = 0;
  const inputs = body.inputs.map((input): InputTensor => {
    const { name, datatype, shape, data, parameters = {} } = input;
    const count = shape.reduce((product, size) => product * size, 1);
    if (shape.length > 2 || (shape.length === 2 && shape[1] !== 1))
      throw new RefusedRequest(422, `the input ${name} has the shape [${shape}]; [rows, 1] or [rows] was expected`);
    const size = parameters.binary_data_size as number | undefined;
    const tensor = { name, datatype, rows: shape[0]!, nanIsMissing: nanIsMissing(parameters, body) };
    if (size === undefined) return { ...tensor, values: listed(name, data, count) };
    if (data !== undefined) throw new RefusedRequest(400, `the input ${name} has both data and binary_data_size`);
    if (at + size > binary.byteLength)
      throw new RefusedRequest(400, `the body ends before the ${size} bytes of the input ${name}`);
    const values = readBinary(name, datatype, binary.subarray(at, at + size), count);
    at += size;
    return { ...tensor, values };
  });
  if (at !== binary.byteLength)
    throw new RefusedRequest(400, `${binary.byteLength - at} bytes at the end of the body belong to no input`);
  const outputs = body.outputs?.map(({ name, parameters }) => ({
    name,
    binary: binaryOf(parameters?.binary_data, body),
  }));
  return { id: body.id, inputs, outputs: outputs ?? null, binaryOutput: binaryOf(undefined, body) };
}

/** As the input says, else the whole request: not every client lets an input say something of its own. */
function nanIsMissing(own: Parameters, { parameters }: InferBody): boolean {
  return (own.nan_is_missing ?? parameters?.nan_is_missing) === true;
}

function binaryOf(own: unknown, { parameters }: InferBody): boolean {
  return own === undefined ? parameters?.binary_data_output === true : own === true;
}

/** `data` is a flat list, or nested as the shape is. */
function listed(name: string, data: readonly unknown[] | undefined, count: number): readonly unknown[] {
  if (data === undefined) throw new RefusedRequest(400, `the input ${name} has neither data nor binary_data_size`);
  const flat = Array.isArray(data[0]) ? data.flat() : data;
  if (flat.length === count) return flat;
  throw new RefusedRequest(422, `the input ${name} has ${flat.length} values, and its shape says ${count}`);
}

/**
 * The rows that the tensors of a request are: one tensor a feature, and perhaps one a column of the key. Throws RefusedRequest
 * that names input and row.
 */
export function readTensorRows(inputs: readonly InputTensor[], signature: RowSignature): RowBatch {
  const byName = new Map(inputs.map((input) => [input.name, input]));
  const names = [...byName.keys()];
  const rows = inputs[0]!.rows;
  checkInputs(inputs, byName, signature);
  if (rows === 0) throw new RefusedRequest(422, "there are no rows; at least one was expected");
  const problems = new CellProblems();
  const columns = signature.features.map((spec) => {
    const cells = openCells(spec, rows, problems);
    const input = byName.get(spec.name);
    if (input === undefined) problems.add(null, spec.name, () => missingColumn(spec, names, signature));
    else if ("codes" in input.values) cells.fillTexts(input.values);
    else cells.fill(input.values, input.nanIsMissing);
    return cells.column();
  });
  const parts = signature.key.map((name) => byName.get(name)?.values);
  const whole = parts.length > 0 && parts.every((part) => part !== undefined);
  const keys = whole
    ? Array.from({ length: rows }, (_, row) => keyText(parts.map((part) => valueAt(part, row))) ?? null)
    : null;
  problems.refuse();
  return { rows, columns, keys };
}

function valueAt(values: InputTensor["values"], row: number): unknown {
  return "codes" in values ? values.levels[values.codes[row]!] : values[row];
}

function checkInputs(
  inputs: readonly InputTensor[],
  byName: ReadonlyMap<string, InputTensor>,
  { features, key }: RowSignature,
): void {
  if (byName.size < inputs.length) throw new RefusedRequest(422, "two inputs have the same name");
  const known = [...features.map(({ name }) => name), ...key];
  const unknown = inputs.find(({ name }) => !known.includes(name));
  if (unknown !== undefined) {
    const meant = didYouMean(unknown.name, known);
    const hint = meant === null ? `it takes ${known.slice(0, 20).join(", ")}` : `was ${JSON.stringify(meant)} meant?`;
    throw new RefusedRequest(422, `the model has no input ${JSON.stringify(unknown.name.slice(0, 100))}; ${hint}`);
  }
  const [first] = inputs;
  const other = inputs.find(({ rows }) => rows !== first?.rows);
  if (other !== undefined)
    throw new RefusedRequest(422, `the input ${first?.name} has ${first?.rows} rows, ${other.name} has ${other.rows}`);
}
