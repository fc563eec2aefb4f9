import { isUtf8 } from "node:buffer";
import { openLevels } from "../rows/levels.ts";
import { type CodedTexts, RefusedRequest } from "../served-model.ts";

/** Data types of the Open Inference Protocol that a request may send; floats of 16 bits are not among them. */
export const datatypes = [
  ...["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP32", "FP64", "BYTES"],
] as const;

type Datatype = string;

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

/**
 * Texts, each behind its length in four bytes. Those that are equal are made once: rows have far more of them than there are
 * different ones. Throws RefusedRequest (400) when bytes and count do not agree, or for what is no UTF-8.
 */
export function readTexts(name: string, bytes: Uint8Array, count: number): CodedTexts {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Each text has four bytes at least; whoever says that there are more has written less.
  const codes = new Int32Array(count * 4 <= buffer.length ? count : 0);
  const all = openLevels();
  const few = openFewPieces(buffer);
  let [at, row] = [0, 0];
  for (; at + 4 <= buffer.length && row < codes.length; row++) {
    const start = at + 4;
    const end = start + buffer.readUInt32LE(at);
    if (end > buffer.length) break;
    const known = few.find(start, end);
    if (known >= 0) codes[row] = known;
    else {
      codes[row] = all.codeOf(textOf(buffer.subarray(start, end), name, row));
      few.add(codes[row]!, start, end);
    }
    at = end;
  }
  if (row === count && at === buffer.length) return { codes, levels: all.levels };
  throw new RefusedRequest(
    400,
    `the ${buffer.length} bytes of the input ${name} are not ${count} texts, each behind its length in four bytes`,
  );
}

function textOf(bytes: Buffer, name: string, row: number): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new RefusedRequest(400, `value ${row + 1} of the input ${name} is not valid UTF-8`);
}

/** What some pieces of a buffer stand for. */
interface FewPieces {
  /** −1 when it is not known. */
  find(start: number, end: number): number;
  /** Forgotten when there are many already. */
  add(code: number, start: number, end: number): void;
}

/** Places, and how many of them are used: whoever chooses texts that all fall on the same one costs this many steps, not more. */
const [places, mostPieces] = [512, 128];

/** A hash table of bytes, which finds a text without making it. */
function openFewPieces(bytes: Uint8Array): FewPieces {
  const [codes, starts, ends] = [new Int32Array(places).fill(-1), new Int32Array(places), new Int32Array(places)];
  let pieces = 0;
  const isAt = (place: number, start: number, end: number) => {
    let other = starts[place]!;
    if (ends[place]! - other !== end - start) return false;
    for (let at = start; at < end; at++) if (bytes[at] !== bytes[other++]) return false;
    return true;
  };
  /** Where it is, or would be. */
  const placeOf = (start: number, end: number) => {
    let hash = end - start;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x9e3779b1);
    let place = (hash >>> 16) & (places - 1);
    while (codes[place] !== -1 && !isAt(place, start, end)) place = (place + 1) & (places - 1);
    return place;
  };
  return {
    find: (start, end) => codes[placeOf(start, end)]!,
    add(code, start, end) {
      if (pieces === mostPieces) return;
      pieces += 1;
      const place = placeOf(start, end);
      [codes[place], starts[place], ends[place]] = [code, start, end];
    },
  };
}
