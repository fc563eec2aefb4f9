import type { Predictions } from "../../training/trainer.ts";
import { labelsOf } from "../predicted-labels.ts";
import { RefusedRequest } from "../served-model.ts";
import type { InferRequest } from "./infer-request.ts";
import { writeTexts } from "./tensor-data.ts";

/** Name, type and width of an output, as the model's metadata and the answers have them. */
export interface OutputTensor {
  name: string;
  datatype: "FP32" | "BYTES";
  shape: readonly [rows: number, width: number];
}

/** What a version gives: `prediction`, or `label` and the `probabilities` of its classes. `rows` is -1 in metadata. */
export function outputTensors(classes: readonly string[], rows: number): OutputTensor[] {
  if (classes.length === 0) return [{ name: "prediction", datatype: "FP32", shape: [rows, 1] }];
  return [
    { name: "label", datatype: "BYTES", shape: [rows, 1] },
    { name: "probabilities", datatype: "FP32", shape: [rows, classes.length] },
  ];
}

/** An answer: JSON, or JSON and the bytes behind it with the length of the former. */
export interface InferAnswer {
  body: Buffer | string;
  /** Of `Inference-Header-Content-Length`; null when all is JSON. */
  headerLength: number | null;
}

/** What of a request its answer needs. */
export type WantedOutputs = Omit<InferRequest, "inputs">;

/** Who answers. `versions` is there when rows of one request were answered by different ones. */
export interface AnsweredBy {
  name: string;
  version: number;
  versions?: readonly number[];
}

/** The answer to a request, each output as it was asked for. Throws RefusedRequest for an output there is not. */
export function inferAnswer(request: WantedOutputs, predictions: Predictions, by: AnsweredBy): InferAnswer {
  const all = outputTensors(predictions.classes, predictions.rows);
  const bytes: Buffer[] = [];
  const wanted = request.outputs ?? all.map(({ name }) => ({ name, binary: request.binaryOutput }));
  const outputs = wanted.map(({ name, binary }) => {
    const output = all.find((each) => each.name === name);
    if (!output) throw noSuchOutput(name, all);
    if (!binary) return { ...output, data: listed(output, predictions) };
    const raw = packed(output, predictions);
    bytes.push(raw);
    return { ...output, parameters: { binary_data_size: raw.length } };
  });
  const head = JSON.stringify({
    model_name: by.name,
    model_version: String(by.version),
    ...(request.id === undefined ? {} : { id: request.id }),
    ...(by.versions === undefined ? {} : { parameters: { versions: by.versions.join(",") } }),
    outputs,
  });
  if (bytes.length === 0) return { body: head, headerLength: null };
  const header = Buffer.from(head, "utf8");
  return { body: Buffer.concat([header, ...bytes]), headerLength: header.length };
}

function noSuchOutput(name: string, all: readonly OutputTensor[]): RefusedRequest {
  const names = all.map((each) => each.name).join(" and ");
  return new RefusedRequest(422, `the model has no output ${JSON.stringify(name.slice(0, 100))}; it has ${names}`);
}

function listed({ name }: OutputTensor, predictions: Predictions): readonly (string | number)[] {
  return name === "label" ? labelsOf(predictions) : Array.from(predictions.values);
}

function packed({ name }: OutputTensor, predictions: Predictions): Buffer {
  if (name === "label") return writeTexts(labelsOf(predictions));
  const { buffer, byteOffset, byteLength } = predictions.values;
  return Buffer.from(buffer, byteOffset, byteLength);
}
