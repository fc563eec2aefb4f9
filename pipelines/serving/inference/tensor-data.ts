import { isUtf8 } from "node:buffer";
import { RefusedRequest } from "../rows/refused-request.ts";

/** Data types of the Open Inference Protocol that a request may send; floats of 16 bits are not among them. */
export const datatypes = [
  ...["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP32", "FP64", "BYTES"],
] as const;

export type Datatype = string;

/** Bytes a value, and how one is read at a place. Little-endian, as the protocol has it. */
const readers: Readonly<Record<string, { size: number; read(view: DataView, at: number): number | bigint | boolean }>> =
  {
    BOOL: { size: 1, read: (view, at) => view.getUint8(at) !== 0 },
    UINT8: { size: 1, read: (view, at) => view.getUint8(at) },
    UINT16: { size: 2, read: (view, at) => view.getUint16(at, true) },
    UINT32: { size: 4, read: (view, at) => view.getUint32(at, true) },
    UINT64: { size: 8, read: (view, at) => view.getBigUint64(at, true) },
    INT8: { size: 1, read: (view, at) => view.getInt8(at) },
    INT16: { size: 2, read: (view, at) => view.getInt16(at, true) },
    INT32: { size: 4, read: (view, at) => view.getInt32(at, true) },
    INT64: { size: 8, read: (view, at) => view.getBigInt64(at, true) },
    FP32: { size: 4, read: (view, at) => view.getFloat32(at, true) },
    FP64: { size: 8, read: (view, at) => view.getFloat64(at, true) },
  };

/** The values of a tensor in the binary extension, row-major. Throws RefusedRequest (400) when bytes and count do not agree. */
export function readBinary(name: string, datatype: Datatype, bytes: Uint8Array, count: number): ArrayLike<unknown> {
  if (datatype === "BYTES") return readTexts(name, bytes, count);
  const { size, read } = readers[datatype]!;
  if (bytes.byteLength !== count * size)
    throw new RefusedRequest(
      400,
      `the input ${name} has ${bytes.byteLength} bytes, and ${count} values of ${datatype} have ${count * size}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Array<unknown>(count);
  for (let at = 0; at < count; at++) values[at] = read(view, at * size);
  return values;
}

/** Texts, each behind its length in four bytes. */
function readTexts(name: string, bytes: Uint8Array, count: number): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: string[] = [];
  let at = 0;
  while (at + 4 <= buffer.length && values.length < count) {
    const end = at + 4 + buffer.readUInt32LE(at);
    if (end > buffer.length) break;
    const text = buffer.subarray(at + 4, end);
    if (!isUtf8(text))
      throw new RefusedRequest(400, `value ${values.length + 1} of the input ${name} is not valid UTF-8`);
    values.push(text.toString("utf8"));
    at = end;
  }
  if (values.length === count && at === buffer.length) return values;
  throw new RefusedRequest(
    400,
    `the ${buffer.length} bytes of the input ${name} are not ${count} texts, each behind its length in four bytes`,
  );
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
