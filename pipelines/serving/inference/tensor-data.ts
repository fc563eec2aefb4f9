import type { CodedTexts } from "../row-batch.ts";
import { RefusedRequest } from "../rows/refused-request.ts";
import { readTexts } from "./binary-texts.ts";

/** Data types of the Open Inference Protocol that a request may send; floats of 16 bits are not among them. */
export const datatypes = [
  ...["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP32", "FP64", "BYTES"],
] as const;

export type Datatype = string;

/** Arrays that hold values as the protocol has them, which is little-endian, as are the processors that Node runs on. */
const arrays = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

/** The values of a tensor in the binary extension, row-major. Throws RefusedRequest (400) when bytes and count do not agree. */
export function readBinary(
  name: string,
  datatype: Datatype,
  bytes: Uint8Array,
  count: number,
): ArrayLike<unknown> | CodedTexts {
  if (datatype === "BYTES") return readTexts(name, bytes, count);
  const values = arrays[datatype as keyof typeof arrays];
  const size = values.BYTES_PER_ELEMENT;
  if (bytes.byteLength !== count * size)
    throw new RefusedRequest(
      400,
      `the input ${name} has ${bytes.byteLength} bytes, and ${count} values of ${datatype} have ${count * size}`,
    );
  // A copy: an array of numbers must begin where its numbers may.
  const numbers = new values(new Uint8Array(bytes).buffer);
  return datatype === "BOOL" ? Array.from(numbers as Uint8Array, (value) => value !== 0) : numbers;
}

/** Texts as the binary extension has them. */
export function writeTexts(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text, "utf8");
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}
