/** How a column's values come in COPY's binary form, and what they are kept in. */
export type CopiedType = "boolean" | "smallint" | "integer" | "bigint" | "float" | "double" | "text";

/** The values of a column of some rows; those that `missing` marks with 1 are null. */
export interface CopiedColumn {
  values: Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array | string[];
  missing: Uint8Array;
}

/** Takes the rows of a batch; what it is lent is filled anew with the next. */
export type TakeRows = (rows: number, columns: readonly CopiedColumn[]) => void;

const header = 11 + 4 + 4;
const signature = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");

/**
 * Reads the rows that `COPY … TO STDOUT (FORMAT binary)` sends in pieces of any size into typed arrays, of `size` rows at a time.
 * See https://www.postgresql.org/docs/current/sql-copy.html: a row is the number of its fields (16 bits), and of each its length
 * (32 bits, -1 for null) and its bytes; all big-endian.
 */
export class CopyDecoder {
  readonly #types: readonly CopiedType[];
  readonly #size: number;
  readonly #take: TakeRows;
  readonly #columns: CopiedColumn[];
  #rest: Buffer = Buffer.alloc(0);
  #begun = false;
  #ended = false;
  #rows = 0;

  constructor(types: readonly CopiedType[], size: number, take: TakeRows) {
    this.#types = types;
    this.#size = size;
    this.#take = take;
    this.#columns = types.map((type) => ({ values: arrayOf(type, size), missing: new Uint8Array(size) }));
  }

  push(piece: Buffer): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = this.#begun ? 0 : this.#skipHeader(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let next = at; next >= 0; ) {
      at = next;
      next = this.#readRow(bytes, view, at);
    }
    this.#rest = bytes.subarray(at);
  }

  /** Hands over the last rows. Throws when the end was never sent. */
  end(): void {
    if (!this.#ended || this.#rest.length > 0) throw new Error("the rows of COPY have no end");
    if (this.#rows > 0) this.#take(this.#rows, this.#columns);
    this.#rows = 0;
  }

  #skipHeader(bytes: Buffer): number {
    if (bytes.length < header) return 0;
    if (!bytes.subarray(0, signature.length).equals(signature)) throw new Error("COPY sent something else than rows");
    this.#begun = true;
    return header + bytes.readInt32BE(header - 4);
  }

  /** The place after the row at `at`, or -1 when it is not there as a whole. */
  #readRow(bytes: Buffer, view: DataView, start: number): number {
    const { length } = bytes;
    if (!this.#begun || start + 2 > length) return -1;
    const fields = view.getInt16(start);
    if (fields < 0) {
      this.#ended = true;
      return start === length - 2 ? length - 0 : -1;
    }
    let at = start + 2;
    const row = this.#rows;
    for (let column = 0; column < this.#types.length; column++) {
      if (at + 4 > length) return -1;
      const size = view.getInt32(at);
      at += 4;
      if (size > 0 && at + size > length) return -1;
      const { values, missing } = this.#columns[column]!;
      missing[row] = size < 0 ? 1 : 0;
      if (size >= 0) readField(this.#types[column]!, values, row, bytes, view, at, size);
      else if (Array.isArray(values)) values[row] = "";
      at += Math.max(0, size);
    }
    if (fields !== this.#types.length) throw new Error(`COPY sent rows of ${fields} fields`);
    this.#rows += 1;
    if (this.#rows === this.#size) {
      this.#take(this.#rows, this.#columns);
      this.#rows = 0;
    }
    return at;
  }
}

function arrayOf(type: CopiedType, size: number): CopiedColumn["values"] {
  if (type === "boolean") return new Uint8Array(size);
  if (type === "smallint" || type === "integer") return new Int32Array(size);
  if (type === "bigint") return new BigInt64Array(size);
  if (type === "text") return new Array<string>(size).fill("");
  return type === "float" ? new Float32Array(size) : new Float64Array(size);
}

function readField(
  type: CopiedType,
  values: CopiedColumn["values"],
  row: number,
  bytes: Buffer,
  view: DataView,
  at: number,
  size: number,
): void {
  if (type === "double") values[row] = view.getFloat64(at);
  else if (type === "integer") values[row] = view.getInt32(at);
  else if (type === "text") values[row] = bytes.toString("utf8", at, at + size);
  else if (type === "bigint") values[row] = view.getBigInt64(at);
  else if (type === "float") values[row] = view.getFloat32(at);
  else if (type === "smallint") values[row] = view.getInt16(at);
  else values[row] = bytes[at]!;
}
