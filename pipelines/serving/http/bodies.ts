import { isUtf8 } from "node:buffer";
import type { RowBatch } from "../row-batch.ts";
import { jsonRowList, readJsonRows } from "../rows/json-rows.ts";
import { RefusedRequest } from "../rows/refused-request.ts";
import type { RowSignature } from "../rows/row-signature.ts";
import { scanJsonRows } from "../rows/scan-rows.ts";

/** What programs write for numbers that JSON does not have. */
const notFinite = " (it has no NaN and no Infinity; null stands for a missing value)";

/** JSON of a body. Throws RefusedRequest (400) that says where it breaks off. */
function parseJson(body: Uint8Array): unknown {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length === 0) throw new RefusedRequest(400, "the body is empty; JSON was expected");
  if (!isUtf8(bytes)) throw new RefusedRequest(400, "the body is not valid UTF-8, which JSON is");
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    const { message } = error as Error;
    const hint = /^Unexpected token '[NI]'|^No number after minus sign/.test(message) ? notFinite : "";
    throw new RefusedRequest(400, `the body is not valid JSON${hint}: ${message.slice(0, 200)}`);
  }
}

/** Bytes of a body from which on it is worth while to learn the order of its names. */
const worthScanning = 2048;

/** Reads rows by column name, one body after the other. Throws RefusedRequest: 400 for what is no JSON, 422 that names row and column. */
export type ReadJsonBody = (body: Buffer, signature: RowSignature) => RowBatch;

export function openJsonBodies(): ReadJsonBody {
  const room = { bytes: Buffer.alloc(0) };
  return (body, signature) => {
    const scanned = body.length >= worthScanning && isUtf8(body) ? scanJsonRows(body, signature, room) : null;
    return scanned ?? readJsonRows(jsonRowList(parseJson(body)), signature);
  };
}

/** A body of the binary tensor extension: its JSON, and the bytes behind it. Without a length all of it is JSON. */
export function splitInferBody(body: Buffer, header: string | string[] | undefined): { json: unknown; binary: Buffer } {
  if (header === undefined) return { json: parseJson(body), binary: body.subarray(body.length) };
  const length = typeof header === "string" && /^\d{1,10}$/.test(header) ? Number(header) : Number.NaN;
  if (!(length <= body.length))
    throw new RefusedRequest(
      400,
      "Inference-Header-Content-Length is not the length of JSON at the beginning of the body",
    );
  return { json: parseJson(body.subarray(0, length)), binary: body.subarray(length) };
}
