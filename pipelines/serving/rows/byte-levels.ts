import type { CodedTexts } from "../row-batch.ts";
import { growing } from "./growing.ts";
import type { JsonCursor } from "./json-cursor.ts";

/** Texts whose hashes collide so often were made to: the caller reads them another way, which no choice of texts makes slow. */
const mostProbes = 64;

/** The different texts of a column by their bytes, in the order in which they came; each becomes a string once. */
export interface ByteLevels {
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
