import { createHash } from "node:crypto";
import fc from "fast-check";
import { canonicalJson } from "../../pipelines/config/canonical-json.ts";

/** A row of every kind of value: key, text, double, 64-bit integer, boolean, day of 2001, target. */
export interface Row {
  k: string;
  s: string | null;
  f: number | null;
  i: bigint | null;
  b: boolean | null;
  d: number | null;
  y: number;
}

/** The names and types of the stored columns. */
const schema = [
  { name: "k", type: "text" },
  { name: "s", type: "text" },
  { name: "f", type: "double" },
  { name: "i", type: "integer" },
  { name: "b", type: "boolean" },
  { name: "n", type: "integer" },
  { name: "y", type: "double" },
];

/** Reads what `fileOf` writes; numbers travel as text, because JSON has neither NaN nor 64-bit integers. */
export const rowsQuery = `SELECT k, s, CAST(f AS DOUBLE) AS f, CAST(i AS BIGINT) AS i, b, n, CAST(y AS DOUBLE) AS y
  FROM read_json('rows.json', format = 'newline_delimited',
    columns = {k: 'VARCHAR', s: 'VARCHAR', f: 'VARCHAR', i: 'VARCHAR', b: 'BOOLEAN', n: 'INTEGER', y: 'VARCHAR'})`;

export function fileOf(rows: readonly Row[]): string {
  const line = ({ k, s, f, i, b, d, y }: Row) =>
    JSON.stringify({ k, s, f: f === null ? null : pythonRepr(f), i: i?.toString() ?? null, b, n: d, y: pythonRepr(y) });
  return `${rows.map(line).join("\n")}\n`;
}

/** The canonical text, written anew from its definition and without the engine. */
function canonicalText({ k, s, f, i, b, d, y }: Row): string {
  return [text(k), text(s), number(f), whole(i), b === null ? "~" : b ? "t" : "f", whole(d), number(y)].join("");
}

function text(value: string | null): string {
  return value === null ? "~" : `${Buffer.byteLength(value)}:${value}`;
}

function whole(value: bigint | number | null): string {
  return value === null ? "~" : `${value},`;
}

function number(value: number | null): string {
  return value === null ? "~" : `${pythonRepr(value)},`;
}

/** Python's repr of a float, from the shortest digits that JavaScript finds; minus zero is zero. */
export function pythonRepr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return "0.0";
  const [digits = "", power = "0"] = Math.abs(value).toExponential().replace(".", "").split("e");
  const exponent = Number(power);
  const sign = value < 0 ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    const point = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
    return `${sign}${point}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const padded = digits.padEnd(exponent + 1, "0");
  return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1) || "0"}`;
}

function littleEndian(bytes: Buffer): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function md5(content: string): Buffer {
  return createHash("md5").update(content).digest();
}

export function expectedFingerprint(rows: readonly Row[]): string {
  const sum = rows.reduce((total, row) => BigInt.asUintN(128, total + littleEndian(md5(canonicalText(row)))), 0n);
  const content = canonicalJson({ columns: schema, rows: rows.length, sum: sum.toString(16).padStart(32, "0") });
  return `fp:${createHash("sha256").update(content).digest("hex").slice(0, 32)}`;
}

/** Whether the row belongs to the test split, by its key or, without one, by itself. */
export function inTest(row: Row, seed: number, share: number, byKey: boolean): boolean {
  const hashed = byKey ? text(row.k) : canonicalText(row);
  const first = littleEndian(md5(`${seed},${hashed}`).subarray(0, 8));
  return first < BigInt(Math.floor(share * 2 ** 64));
}

/** Rows that make every split usable, to which arbitrary ones are added. */
export const plainRows: readonly Row[] = Array.from({ length: 40 }, (_, at) => ({
  k: `plain ${at}`,
  s: at % 3 === 0 ? null : `s${at % 5}`,
  f: at / 8,
  i: BigInt(at),
  b: at % 2 === 0,
  d: at,
  y: at,
}));

const anyText = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.string({ unit: "grapheme", maxLength: 6 }),
    fc.constantFrom(
      "",
      "~",
      "1:~",
      "'",
      '"',
      "\\",
      ",",
      "null",
      "NaN",
      "é",
      "e\u0301",
      "\u{1F600}",
      "\uFFFE",
      "a\nb",
      "--",
      "/*",
    ),
  )
  .map((value) => value.replaceAll("\0", "␀"));

const edges = [
  0,
  -0,
  Number.NaN,
  Infinity,
  -Infinity,
  1e16,
  1e15,
  1e-4,
  1e-5,
  5e-324,
  1.7976931348623157e308,
  0.1,
  2 ** 53,
  -1.5e-7,
];

/** Distinct keys, everything else arbitrary. */
export const anyRows = fc.uniqueArray(
  fc.record({
    k: anyText.map((value) => `#${value}`),
    s: fc.option(anyText),
    f: fc.option(fc.oneof(fc.double(), fc.constantFrom(...edges))),
    i: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    b: fc.option(fc.boolean()),
    d: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    y: fc.double({ noNaN: true, noDefaultInfinity: true }),
  }),
  { selector: ({ k }) => k, minLength: 1, maxLength: 60 },
);
