import { below, type Random, seededRandom } from "../../pipelines/statistics/random.ts";

/** The columns of a generated table, by DuckDB's types: `place` tells the tables apart, `k` the rows of one. */
export const generatedColumns = {
  place: "INTEGER",
  k: "INTEGER",
  s: "VARCHAR",
  f: "DOUBLE",
  g: "FLOAT",
  i: "BIGINT",
  j: "SMALLINT",
  b: "BOOLEAN",
  d: "DATE",
  t: "TIMESTAMP",
  z: "TIMESTAMPTZ",
  m: "DECIMAL(18, 4)",
  w: "DECIMAL(38, 10)",
  x: "BLOB",
} as const;

type Column = keyof typeof generatedColumns;

/** Values as text that DuckDB casts; null for none. */
export type GeneratedRow = Record<Column, string | null>;

const edges: Readonly<Partial<Record<Column, readonly string[]>>> = {
  s: [
    "",
    "~",
    "1:~",
    "'",
    '"',
    "\\",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Spark replaces it where it is not told otherwise.
    "${env:HOME}",
    "null",
    "é",
    "e\u0301",
    "\u{1F600}",
    "\uFFFE",
    "a\nb",
    "--",
    "/*",
    "%",
    "中文",
  ],
  f: [
    ...["nan", "inf", "-inf", "0", "-0.0", "1", "-1.5", "1e15", "1e16", "9007199254740993", "1e-4", "1e-5", "1e-308"],
    ...["5e-324", "1.7976931348623157e308", "2e23", "1e23", "2.2250738585072014e-308", "5.684341886080802e-14", "0.1"],
    ...["0.30000000000000004", "9999999.999999998", "9999999", "10000000", "0.001", "0.00099999", "123456.789", "1e22"],
  ],
  g: ["nan", "-inf", "-0.0", "0.1", "16777217", "1e-45", "3.4028235e38", "1.5"],
  i: ["9223372036854775807", "-9223372036854775808", "0", "-1", "4503599627370497"],
  j: ["-32768", "32767", "0"],
  b: ["true", "false"],
  d: ["1970-01-01", "1582-10-04", "1899-12-31", "2024-02-29", "9999-12-31", "0001-01-01"],
  t: ["1970-01-01 00:00:00", "2001-02-03 04:05:06.25", "1969-12-31 23:59:59.999999", "2024-03-31 02:30:00"],
  z: ["2024-03-31 02:30:00+01", "2024-10-27 02:30:00+02", "2001-01-01 00:00:00.000001-11", "1969-12-31 23:59:59+00"],
  m: ["0", "-0.5000", "1.5", "99999999999999.9999", "-0.0001"],
  w: ["0", "-1.0000000001", "9999999999999999999999999999.9999999999", "0.5"],
  x: ["", "\\x00\\xFF", "abc"],
};

const drawn: Readonly<Record<Column, (random: Random) => string>> = {
  place: () => "0",
  k: () => "0",
  s: (random) => Array.from({ length: below(random, 6) }, () => String.fromCodePoint(32 + below(random, 900))).join(""),
  f: (random) => String(below(random, 2) === 0 ? anyDouble(random) : below(random, 1_000_000) / 1000),
  g: (random) => String(Math.fround((below(random, 2_000_001) - 1_000_000) / 1024)),
  i: (random) => String(BigInt.asIntN(64, (BigInt(below(random, 2 ** 32)) << 32n) + BigInt(below(random, 2 ** 32)))),
  j: (random) => String(below(random, 65536) - 32768),
  b: (random) => String(below(random, 2) === 0),
  d: (random) => new Date(below(random, 2 ** 31) * 1000).toISOString().slice(0, 10),
  t: (random) =>
    `${new Date(below(random, 2 ** 31) * 1000).toISOString().slice(0, 19).replace("T", " ")}.${below(random, 1000)}`,
  z: (random) => `${new Date(below(random, 2 ** 31) * 1000).toISOString().slice(0, 19)}+0${below(random, 10)}:30`,
  m: (random) => `${below(random, 2 ** 31)}.${below(random, 10_000)}`,
  w: (random) => `-${below(random, 2 ** 31)}${below(random, 2 ** 31)}.${below(random, 2 ** 31)}`,
  x: (random) => `\\x0${below(random, 10)}`,
};

/** Any finite bits, of which the sign is the least interesting. */
function anyDouble(random: Random): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setUint32(0, below(random, 2 ** 32));
  bits.setUint32(4, below(random, 2 ** 32));
  const number = bits.getFloat64(0);
  return Number.isFinite(number) ? number : 0.1;
}

/** Rows of so many tables: of each column a null, edge values in turn, and others at random. */
export function generatedRows(tables: number, rows: number, seed: number): GeneratedRow[] {
  const random = seededRandom(seed);
  const columns = Object.keys(generatedColumns) as Column[];
  return Array.from({ length: tables * rows }, (_, at) => {
    const cells = columns.map((name) => [name, cellOf(name, at, random)]);
    return { ...Object.fromEntries(cells), place: String(Math.floor(at / rows)), k: String(at % rows) } as GeneratedRow;
  });
}

function cellOf(name: Column, at: number, random: Random): string | null {
  const values = edges[name] ?? [];
  const choice = below(random, 10);
  if (choice === 0) return null;
  return choice < 5 && values.length > 0 ? values[(at + below(random, 3)) % values.length]! : drawn[name](random);
}
