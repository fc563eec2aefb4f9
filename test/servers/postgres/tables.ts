import fc from "fast-check";

/** A value as both servers' literals; null for none. */
type Cell = { postgres: string; duckdb: string } | null;

/** A type that both have, by the words of each, and its values. */
interface Kind {
  postgres: string;
  duckdb: string;
  cells: fc.Arbitrary<Cell>;
}

/** A generated table: columns `c0` …, and the rows' cells. */
export interface GeneratedTable {
  kinds: readonly Pick<Kind, "postgres" | "duckdb">[];
  rows: readonly (readonly Cell[])[];
}

const literal = (text: string): Cell => ({ postgres: text, duckdb: text });

function kind(postgres: string, duckdb: string, cells: fc.Arbitrary<Cell>): Kind {
  return { postgres, duckdb, cells: fc.option(cells, { freq: 6, nil: null }) };
}

const oddDoubles = [
  ...[
    0,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e-308,
    5e-324,
    2.2250738585072014e-308,
    0.1,
    1e-4,
  ],
  ...[
    1e-5,
    1e15,
    1e16,
    1e17,
    123456789012345680,
    2 ** 53,
    2 ** 53 + 2,
    2 ** 63,
    Number.MAX_VALUE,
    -1.5e-7,
    9007199254740994,
  ],
];
const doubles = fc.oneof(
  fc.constantFrom(...oddDoubles),
  fc.double(),
  fc.double().map((x) => Math.round(x) / 8),
);
const numberText = (value: number) => literal(Object.is(value, -0) ? "-0" : String(value));

function integers(bits: number): fc.Arbitrary<Cell> {
  const most = 2n ** BigInt(bits - 1) - 1n;
  const odd = fc.constantFrom(0n, 1n, -1n, most, -most - 1n);
  return fc.oneof(odd, fc.bigInt({ min: -most - 1n, max: most })).map((value) => literal(String(value)));
}

function decimals(digits: number, scale: number): fc.Arbitrary<Cell> {
  const most = 10n ** BigInt(digits) - 1n;
  return fc.oneof(fc.constantFrom(0n, 1n, -1n, most, -most), fc.bigInt({ min: -most, max: most })).map((value) => {
    const text = String(value < 0n ? -value : value).padStart(scale + 1, "0");
    const point = scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`;
    return literal(value < 0n ? `-${point}` : point);
  });
}

const oddTexts = [
  "",
  "~",
  "1:é",
  "it's",
  "über",
  "😀",
  "\uFEFFbom",
  "e\u0301",
  "a\nb\tc",
  "\\x",
  "NaN",
  " pad ",
  "İ",
  "ß",
  "A",
  "a",
];
const texts = fc.oneof(fc.constantFrom(...oddTexts), fc.string({ unit: "binary", maxLength: 12 }));
const withoutNull = texts.map((text) => literal(text.replaceAll("\0", "")));

/** Both write years before the first otherwise. */
const oddDates: Cell[] = [
  literal("0001-01-01"),
  literal("9999-12-31"),
  literal("infinity"),
  literal("-infinity"),
  { postgres: "0044-03-15 BC", duckdb: "0044-03-15 (BC)" },
];
const days = fc.date({ min: new Date("1700-01-01"), max: new Date("2200-01-01"), noInvalidDate: true });
const dates = fc.oneof(
  fc.constantFrom(...oddDates),
  days.map((day) => literal(day.toISOString().slice(0, 10))),
);
const moments = fc.tuple(days, fc.constantFrom("", ".5", ".250", ".000001", ".999999")).map(([day, fraction]) => {
  return `${day.toISOString().slice(0, 19).replace("T", " ")}${fraction}`;
});
const zones = fc.constantFrom("Z", "+00", "+05:30", "-08", "+14", "-11:30");
const uuids = fc.uuid().map(literal);

const kinds: readonly Kind[] = [
  kind(
    "boolean",
    "BOOLEAN",
    fc.boolean().map((value) => literal(String(value))),
  ),
  kind("smallint", "SMALLINT", integers(16)),
  kind("integer", "INTEGER", integers(32)),
  kind("bigint", "BIGINT", integers(64)),
  kind("numeric(5,0)", "DECIMAL(5,0)", decimals(5, 0)),
  kind("numeric(18,4)", "DECIMAL(18,4)", decimals(18, 4)),
  kind("numeric(38,10)", "DECIMAL(38,10)", decimals(38, 10)),
  kind(
    "real",
    "FLOAT",
    doubles.map((value) => numberText(Math.fround(value))),
  ),
  kind("double precision", "DOUBLE", doubles.map(numberText)),
  kind("text", "VARCHAR", withoutNull),
  kind("uuid", "UUID", uuids),
  kind("date", "DATE", dates),
  kind("timestamp", "TIMESTAMP", fc.oneof(moments.map(literal), fc.constantFrom(literal("infinity")))),
  kind(
    "timestamptz",
    "TIMESTAMPTZ",
    fc.tuple(moments, zones).map(([moment, zone]) => literal(moment + zone)),
  ),
];

/** Tables of 1 to 12 columns of all kinds and 1 to 30 rows, some of them equal. */
export const anyTable: fc.Arbitrary<GeneratedTable> = fc
  .array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 12 })
  .chain((chosen) => {
    const row = fc.tuple(...chosen.map(({ cells }) => cells));
    return fc.record({
      kinds: fc.constant(chosen.map(({ postgres, duckdb }) => ({ postgres, duckdb }))),
      rows: fc.array(row, { minLength: 1, maxLength: 30 }).map((rows) => [...rows, ...rows.slice(0, rows.length % 3)]),
    });
  });

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** SQL that gives the rows of a table, with their number `k`, in the words of one engine. */
export function rowsOf({ kinds: types, rows }: GeneratedTable, engine: "postgres" | "duckdb"): string {
  const values = rows.map((row, k) => {
    const cells = row.map(
      (cell, at) => `CAST(${cell === null ? "NULL" : quoted(cell[engine])} AS ${types[at]![engine]})`,
    );
    return `(${[k, ...cells].join(", ")})`;
  });
  const names = ["k", ...types.map((_, at) => `c${at}`)];
  return `SELECT * FROM (VALUES ${values.join(", ")}) AS t(${names.join(", ")})`;
}
