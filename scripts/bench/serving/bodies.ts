import type { LoadJob } from "./load.ts";
import type { DiamondRow } from "./stage.ts";

/** A request for rows of diamond-price. */
export type Request = Pick<LoadJob, "path" | "body" | "headers">;

const infer = "/v2/models/diamond-price/infer";

/** Rows as objects by column name. */
export function byName(columns: readonly string[], rows: readonly DiamondRow[]): Request {
  const objects = rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])));
  return { path: "/models/diamond-price/predict", body: JSON.stringify(objects) };
}

const isText = (values: readonly (number | string)[]) => typeof values[0] === "string";

/** Tensors of the Open Inference Protocol as JSON. */
export function asTensors(columns: readonly string[], rows: readonly DiamondRow[]): Request {
  const inputs = columns.map((name, at) => {
    const data = rows.map((row) => row[at]!);
    return { name, datatype: isText(data) ? "BYTES" : "FP64", shape: [rows.length, 1], data };
  });
  return { path: infer, body: JSON.stringify({ inputs }) };
}

/** With the binary tensor extension, both ways. */
export function asBinary(columns: readonly string[], rows: readonly DiamondRow[]): Request {
  const packed = columns.map((_, at) => {
    const values = rows.map((row) => row[at]!);
    if (!isText(values)) return { datatype: "FP32", bytes: Buffer.from(Float32Array.from(values, Number).buffer) };
    const texts = values.map((text) => {
      const bytes = Buffer.from(String(text));
      return Buffer.concat([Buffer.from(Uint32Array.of(bytes.length).buffer), bytes]);
    });
    return { datatype: "BYTES", bytes: Buffer.concat(texts) };
  });
  const inputs = packed.map(({ datatype, bytes }, at) => {
    return { name: columns[at], datatype, shape: [rows.length, 1], parameters: { binary_data_size: bytes.length } };
  });
  const header = Buffer.from(JSON.stringify({ parameters: { binary_data_output: true }, inputs }));
  return {
    path: infer,
    body: Buffer.concat([header, ...packed.map(({ bytes }) => bytes)]),
    headers: { "content-type": "application/octet-stream", "inference-header-content-length": String(header.length) },
  };
}
