import { canonicalJson, sha256 } from "../config/canonical-json.ts";
import type { ColumnKind } from "./engines/session.ts";

/** What an engine computes about the rows of one split: their number, and the sum of their hashes modulo 2^128. */
export interface RowsDigest {
  rows: number;
  sum: bigint;
}

/**
 * A dataset's identity: `fp:` and the first 32 hex digits of sha256 over the canonical JSON of
 * `{"columns":[{"name","type"}…],"rows","sum"}`, where `sum` is 32 hex digits. It does not depend on row order.
 *
 * Every engine must hash a row alike, so this is the definition:
 *
 * - The **canonical text** of a row is its cells in column order, with nothing between them.
 * - A null is `~`. A boolean is `t` or `f`.
 * - Text is the number of its UTF-8 bytes in decimal, `:`, and the text itself; so no text can imitate a neighbour.
 * - Every other value is its text and `,`:
 *   integers in decimal (`-12`); decimals with all digits of the column's scale (`1.50`);
 *   binary floating point, widened to 64 bits, as Python's repr: the shortest digits that read back the same,
 *   plain with at least one decimal (`1.0`, `0.0001`) when 1e-4 ≤ |x| < 1e16, else like `1e+16` or `1.5e-07`;
 *   minus zero is `0.0`; then `nan`, `inf`, `-inf`;
 *   dates `2001-02-03`; timestamps in UTC `2001-02-03 04:05:06`, with `.` and the fraction without trailing zeros if there is one;
 *   times likewise.
 * - The row's hash is the MD5 of its canonical text in UTF-8, its 16 bytes read as a little-endian integer.
 * - `sum` is the sum of the rows' hashes modulo 2^128; equal rows count each time.
 */
export function fingerprint(columns: readonly { name: string; type: string }[], digest: RowsDigest): string {
  const schema = columns.map(({ name, type }) => ({ name, type }));
  const sum = digest.sum.toString(16).padStart(32, "0");
  const hash = sha256(canonicalJson({ columns: schema, rows: digest.rows, sum }));
  return `fp:${hash.slice("sha256:".length, "sha256:".length + 32)}`;
}

/** The 128-bit sum from the sums of the hashes' lower and upper 64-bit halves. */
export function combineHalves(low: bigint, high: bigint): bigint {
  return BigInt.asUintN(128, low + (high << 64n));
}

/**
 * The bound below which a row goes to the test split when it is split by key: a row is a test row when the first eight
 * bytes of the MD5 of its split text, read as a little-endian integer, are below it. The split text is the seed in
 * decimal and `,`, then the canonical cells of the key (without a key: of the features and the target).
 */
export function splitBound(test: number): bigint {
  return BigInt(Math.floor(test * 2 ** 64));
}

/** How a column's type is named in a fingerprint; the same on every engine. */
export function schemaType(kind: ColumnKind, scale: number): string {
  return kind === "decimal" ? `decimal(${scale})` : kind;
}
