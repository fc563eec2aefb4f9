import type { CodedTexts } from "../served-model.ts";
import { growing } from "./growing.ts";

/** What stands at a value: a list, an object and whatever is unusual are none of these. */
export const valueKinds = { null: 0, false: 1, true: 2, number: 3, text: 4 } as const;
type ValueKind = (typeof valueKinds)[keyof typeof valueKinds];

const quote = 0x22;
const backslash = 0x5c;
const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
const words = (["null", "false", "true"] as const).map((word) => ({
  kind: valueKinds[word],
  bytes: Buffer.from(word),
}));
/** Powers of ten that a double holds exactly. */
const powers = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** More than is looked ahead. */
const padding = 8;
/** Digits that a double holds exactly, whichever they are. */
const exactDigits = 15;

/** Bytes for the copy of one body after the other: a new one for each makes the collector go over the whole heap several times a second. */
export interface CursorRoom {
  bytes: Buffer;
}

/** Bytes that are kept from one body to the next, at most. */
const mostKept = 2 ** 20;

function roomFor(size: number, room: CursorRoom): Buffer {
  if (size > mostKept) return Buffer.alloc(size);
  if (room.bytes.length < size) room.bytes = Buffer.alloc(size);
  return room.bytes;
}

/**
 * Reads the plain parts of JSON (RFC 8259) from its bytes, which are UTF-8, without making a value for each. It says false at whatever
 * is not plain: wrong JSON, an escape, a list or object as a value. Who asked reads all of it with JSON.parse then.
 */
export class JsonCursor {
  at = 0;
  /** Of the last value. */
  kind: ValueKind = valueKinds.null;
  number = 0;
  /** Where the last text is, without its quotes, and a hash of its bytes. */
  from = 0;
  to = 0;
  hash = 0;
  readonly bytes: Buffer;
  /** Without the zero bytes behind the end, which end everything that is read: no place needs to be compared with a length. */
  readonly length: number;

  constructor(body: Buffer, room: CursorRoom) {
    this.length = body.length;
    this.bytes = roomFor(body.length + padding, room);
    body.copy(this.bytes);
    this.bytes.fill(0, body.length, body.length + padding);
  }

  /** Whether this byte comes next, which is taken then. */
  take(byte: number): boolean {
    if (this.bytes[this.at] !== byte) this.skipSpace();
    if (this.bytes[this.at] !== byte) return false;
    this.at += 1;
    return true;
  }

  skipSpace(): void {
    const { bytes } = this;
    let byte = bytes[this.at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++this.at];
  }

  /** The last text. */
  text(): string {
    return this.bytes.toString("utf8", this.from, this.to);
  }

  /** Whether nothing but space is left. */
  isAtEnd(): boolean {
    this.skipSpace();
    return this.at === this.length;
  }

  /** Whether exactly these bytes come next, which are taken then. They have no zero byte. */
  takeBytes(expected: Uint8Array): boolean {
    const { bytes, at } = this;
    const { length } = expected;
    for (let place = 0; place < length; place++) if (bytes[at + place] !== expected[place]) return false;
    this.at = at + length;
    return true;
  }

  /** A text that is these bytes. */
  takeName(name: Uint8Array): boolean {
    return this.take(quote) && this.takeBytes(name) && this.bytes[this.at++] === quote;
  }

  takeText(): boolean {
    if (!this.take(quote)) return false;
    const { bytes } = this;
    const from = this.at;
    let at = from;
    let hash = 0;
    let byte = bytes[at]!;
    for (; byte !== quote; byte = bytes[++at]!) {
      if (byte < 0x20 || byte === backslash) return false; // also behind the end
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    this.kind = valueKinds.text;
    this.from = from;
    this.to = at;
    this.hash = hash;
    this.at = at + 1;
    return true;
  }

  takeValue(): boolean {
    if (this.take(quote)) {
      this.at -= 1;
      return this.takeText();
    }
    const byte = this.bytes[this.at]!;
    if (byte === minus || isDigit(byte)) return this.#takeNumber();
    return words.some((word) => this.#takeWord(word));
  }

  #takeWord({ kind, bytes }: (typeof words)[number]): boolean {
    const end = this.at + bytes.length;
    if (this.bytes.compare(bytes, 0, bytes.length, this.at, end) !== 0) return false;
    [this.kind, this.at] = [kind, end];
    return true;
  }

  /** Few digits over a power of ten are divided once, which rounds as reading the text does (Clinger 1990); others are read as text. */
  #takeNumber(): boolean {
    const { bytes } = this;
    const start = this.at;
    const isNegative = bytes[start] === minus;
    const first = isNegative ? start + 1 : start;
    let at = first;
    let value = 0;
    for (; isDigit(bytes[at]!); at++) value = value * 10 + (bytes[at]! - zero);
    const whole = at - first;
    if (whole === 0 || (whole > 1 && bytes[first] === zero)) return false;
    let fraction = 0;
    if (bytes[at] === dot) {
      const point = at++;
      for (; isDigit(bytes[at]!); at++) value = value * 10 + (bytes[at]! - zero);
      fraction = at - point - 1;
      if (fraction === 0) return false;
    }
    this.kind = valueKinds.number;
    this.at = at;
    if ((bytes[at]! | 0x20) === 0x65 || whole + fraction > exactDigits) return this.#takeRest(start);
    const size = value / powers[fraction]!;
    this.number = isNegative ? -size : size;
    return true;
  }

  /** An exponent, when there is one, of a number that began at `start`. */
  #takeRest(start: number): boolean {
    const { bytes } = this;
    let { at } = this;
    if ((bytes[at]! | 0x20) === 0x65) {
      at += bytes[at + 1] === minus || bytes[at + 1] === 0x2b ? 2 : 1;
      const digits = at;
      while (isDigit(bytes[at]!)) at++;
      if (at === digits) return false;
    }
    this.at = at;
    this.number = Number(bytes.toString("latin1", start, at));
    return true;
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Texts whose hashes collide so often were made to: the caller reads them another way, which no choice of texts makes slow. */
const mostProbes = 64;

/** The different texts of a column by their bytes, in the order in which they came; each becomes a string once. */
interface ByteLevels {
  /** The text that the cursor has just read. false when it cannot be told cheaply. */
  write(row: number, cursor: JsonCursor): boolean;
  writeMissing(row: number): void;
  texts(rows: number): CodedTexts;
}

export function openByteLevels(expected: number): ByteLevels {
  const codes = growing((size) => new Int32Array(size), expected);
  const levels: string[] = [];
  /** Where each level is in the body, and its hash. */
  const places: { from: number; to: number; hash: number }[] = [];
  let table = new Int32Array(64); // by hash: a code and one, 0 for none
  const put = (code: number) => {
    let slot = slotOf(places[code]!.hash, table.length);
    while (table[slot] !== 0) slot = (slot + 1) & (table.length - 1);
    table[slot] = code + 1;
  };
  const add = (cursor: JsonCursor): number => {
    const { from, to, hash } = cursor;
    const code = levels.push(cursor.text()) - 1;
    places.push({ from, to, hash });
    if (levels.length * 2 > table.length) {
      table = new Int32Array(table.length * 4);
      for (let each = 0; each < code; each++) put(each);
    }
    put(code);
    return code;
  };
  return {
    write(row, cursor) {
      let slot = slotOf(cursor.hash, table.length);
      for (let probe = 0; probe < mostProbes; probe++) {
        const code = table[slot]! - 1;
        if (code < 0 || isSame(cursor, places[code]!)) {
          codes.at(row)[row] = code < 0 ? add(cursor) : code;
          return true;
        }
        slot = (slot + 1) & (table.length - 1);
      }
      return false;
    },
    writeMissing: (row) => void (codes.at(row)[row] = -1),
    texts: (rows) => ({ codes: codes.at(0).subarray(0, rows), levels }),
  };
}

function slotOf(hash: number, size: number): number {
  const mixed = Math.imul(hash, 0x9e3779b1); // alike texts have hashes side by side
  return (mixed ^ (mixed >>> 15)) & (size - 1);
}

function isSame(cursor: JsonCursor, place: { from: number; to: number; hash: number }): boolean {
  const { bytes, from, to, hash } = cursor;
  if (hash !== place.hash || to - from !== place.to - place.from) return false;
  for (let at = from, other = place.from; at < to; at++, other++) if (bytes[at] !== bytes[other]) return false;
  return true;
}
