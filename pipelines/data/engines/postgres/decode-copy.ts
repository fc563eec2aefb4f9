import type { Connection as Protocol, Submittable } from "pg";
import type { Connection } from "./connection.ts";

/** How a column's values come in COPY's binary form, and what they are kept in. */
export type CopiedType = keyof typeof readers;

/** The values of a column of some rows; those that `missing` marks with 1 are null. */
export interface CopiedColumn {
  values: Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array | string[];
  missing: Uint8Array;
}

/** Takes the rows of a batch; what it is lent is filled anew with the next. */
type TakeRows = (rows: number, columns: readonly CopiedColumn[]) => void;

const header = 11 + 4 + 4;
const signature = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");

/** Rows of a piece that are looked through before their columns are read: their places stay in the processor's cache. */
const scannedRows = 512;

/**
 * Reads the rows that `COPY … TO STDOUT (FORMAT binary)` sends in pieces of any size into typed arrays, of `size` rows at a time.
 * See https://www.postgresql.org/docs/current/sql-copy.html: a row is the number of its fields (16 bits), and of each its length
 * (32 bits, -1 for null) and its bytes; all big-endian. Column after column, each in a loop of its own type: half the time of
 * reading row after row.
 */
export class CopyDecoder {
  readonly #types: readonly CopiedType[];
  readonly #size: number;
  readonly #take: TakeRows;
  readonly #columns: CopiedColumn[];
  /** Where the bytes of each field are in the piece, a row's fields in a row; -1 for null. */
  readonly #places: Int32Array;
  #rest: Buffer = Buffer.alloc(0);
  #begun = false;
  #ended = false;
  #rows = 0;

  constructor(types: readonly CopiedType[], size: number, take: TakeRows) {
    this.#types = types;
    this.#size = size;
    this.#take = take;
    this.#columns = types.map((type) => ({ values: arrayOf(type, size), missing: new Uint8Array(size) }));
    this.#places = new Int32Array(Math.min(size, scannedRows) * types.length);
  }

  push(piece: Buffer): void {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    let at = this.#begun ? 0 : this.#skipHeader(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let found = this.#begun; found; ) {
      const { rows, next } = this.#scan(view, at);
      this.#read(bytes, view, rows);
      found = next > at;
      at = next;
    }
    // The piece is only lent.
    this.#rest = Buffer.from(bytes.subarray(at));
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

  /** Finds the fields of rows that are there as a whole, from `start` on, no more than a batch has room for. */
  #scan(view: DataView, start: number): { rows: number; next: number } {
    const [width, length, places] = [this.#types.length, view.byteLength, this.#places];
    const most = Math.min(this.#size - this.#rows, scannedRows);
    let next = start;
    for (let row = 0; row < most; row++) {
      if (next + 2 > length) return { rows: row, next };
      const fields = view.getInt16(next);
      if (fields < 0) {
        this.#ended = true;
        return { rows: row, next: next === length - 2 ? length : next };
      }
      if (fields !== width) throw new Error(`COPY sent rows of ${fields} fields`);
      let at = next + 2;
      for (let place = row * width; place < (row + 1) * width; place++) {
        if (at + 4 > length) return { rows: row, next };
        const size = view.getInt32(at);
        at += 4;
        places[place] = size < 0 ? -1 : at;
        if (size > 0) at += size;
      }
      if (at > length) return { rows: row, next };
      next = at;
    }
    return { rows: most, next };
  }

  /** Reads the fields that were found. */
  #read(bytes: Buffer, view: DataView, rows: number): void {
    const source = { bytes, view, places: this.#places, width: this.#types.length, rows };
    for (const [at, type] of this.#types.entries()) {
      const { values, missing } = this.#columns[at]!;
      markMissing(source, at, missing, this.#rows);
      readers[type](source, at, values as never, this.#rows);
    }
    this.#rows += rows;
    if (this.#rows < this.#size) return;
    this.#take(this.#rows, this.#columns);
    this.#rows = 0;
  }
}

function arrayOf(type: CopiedType, size: number): CopiedColumn["values"] {
  if (type === "boolean") return new Uint8Array(size);
  if (type === "smallint" || type === "integer") return new Int32Array(size);
  if (type === "bigint") return new BigInt64Array(size);
  if (type === "text") return new Array<string>(size).fill("");
  return type === "float" ? new Float32Array(size) : new Float64Array(size);
}

/** Rows of a piece, and where the bytes of their fields are. */
interface Scanned {
  bytes: Buffer;
  view: DataView;
  places: Int32Array;
  width: number;
  rows: number;
}

function markMissing({ places, width, rows }: Scanned, column: number, missing: Uint8Array, from: number): void {
  for (let row = 0, at = column; row < rows; row++, at += width) missing[from + row] = places[at]! < 0 ? 1 : 0;
}

/**
 * A loop for each type: one for all of them would look at the type of every field, which costs twice as much. What a column of
 * nulls has for values means nothing.
 */
const readers = {
  boolean({ bytes, places, width, rows }: Scanned, column: number, values: Uint8Array, from: number) {
    for (let row = 0, at = column; row < rows; row++, at += width) values[from + row] = bytes[places[at]!] ?? 0;
  },
  smallint({ view, places, width, rows }: Scanned, column: number, values: Int32Array, from: number) {
    for (let row = 0, at = column; row < rows; row++, at += width)
      if (places[at]! >= 0) values[from + row] = view.getInt16(places[at]!);
  },
  integer({ view, places, width, rows }: Scanned, column: number, values: Int32Array, from: number) {
    for (let row = 0, at = column; row < rows; row++, at += width)
      if (places[at]! >= 0) values[from + row] = view.getInt32(places[at]!);
  },
  bigint({ view, places, width, rows }: Scanned, column: number, values: BigInt64Array, from: number) {
    for (let row = 0, at = column; row < rows; row++, at += width)
      if (places[at]! >= 0) values[from + row] = view.getBigInt64(places[at]!);
  },
  float({ view, places, width, rows }: Scanned, column: number, values: Float32Array, from: number) {
    for (let row = 0, at = column; row < rows; row++, at += width)
      if (places[at]! >= 0) values[from + row] = view.getFloat32(places[at]!);
  },
  double({ view, places, width, rows }: Scanned, column: number, values: Float64Array, from: number) {
    for (let row = 0, at = column; row < rows; row++, at += width)
      if (places[at]! >= 0) values[from + row] = view.getFloat64(places[at]!);
  },
  text({ bytes, view, places, width, rows }: Scanned, column: number, values: string[], from: number) {
    for (let row = 0, at = column; row < rows; row++, at += width) {
      const place = places[at]!;
      values[from + row] = place < 0 ? "" : bytes.toString("utf8", place, place + view.getInt32(place - 4));
    }
  },
} as const;

/** Bytes that are gathered before they are decoded: the server sends every row in a message of its own. */
const gatheredBytes = 128 * 1024;

/** Streams the rows of a query of ours into typed arrays, batch by batch. What `take` throws ends the connection. */
export async function copyOut(
  connection: Connection,
  query: string,
  types: readonly CopiedType[],
  size: number,
  take: TakeRows,
): Promise<void> {
  const decoder = new CopyDecoder(types, size, take);
  await connection.use(
    (client) =>
      new Promise<void>((resolve, reject) => {
        let failure: unknown;
        const failed = (error: unknown) => {
          failure ??= error;
          // What is still to come would be read for nothing.
          client.connection.stream.destroy();
        };
        const { gather, flush } = gathering((bytes) => decoder.push(bytes));
        const statement: Submittable & Record<string, unknown> = {
          submit: (protocol: Protocol) => protocol.query(`COPY (${query}) TO STDOUT (FORMAT binary)`),
          handleCopyData({ chunk }: { chunk: Buffer }) {
            if (failure === undefined) attempted(() => gather(chunk), failed);
          },
          handleCommandComplete: () => attempted(flush, failed),
          handleError: (error: unknown) => reject(failure ?? error),
          handleReadyForQuery: () => (failure === undefined ? resolve() : reject(failure)),
        };
        client.query(statement);
      }),
  );
  decoder.end();
}

/** These are called by the socket, where nobody would catch what is thrown. */
function attempted(work: () => void, failed: (error: unknown) => void): void {
  try {
    work();
  } catch (error) {
    failed(error);
  }
}

/** Joins small pieces to larger ones, which are lent until the call returns. */
function gathering(take: (bytes: Buffer) => void): { gather(piece: Buffer): void; flush(): void } {
  const bytes = Buffer.allocUnsafe(gatheredBytes);
  let filled = 0;
  const flush = () => {
    if (filled > 0) take(bytes.subarray(0, filled));
    filled = 0;
  };
  return {
    gather(piece) {
      if (piece.length > bytes.length - filled) flush();
      if (piece.length > bytes.length) return take(piece);
      bytes.set(piece, filled);
      filled += piece.length;
    },
    flush,
  };
}
