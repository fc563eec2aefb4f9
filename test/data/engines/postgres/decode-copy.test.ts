import fc from "fast-check";
import { expect, test } from "vitest";
import { type CopiedType, CopyDecoder } from "../../../../pipelines/data/engines/postgres/decode-copy.ts";

const types: readonly CopiedType[] = ["boolean", "smallint", "integer", "bigint", "float", "double", "text"];

type Value = boolean | number | bigint | string | null;
type Row = readonly Value[];

const perhaps = (values: fc.Arbitrary<Value>) => fc.option(values, { nil: null });
const anyRow: fc.Arbitrary<Row> = fc.tuple(
  perhaps(fc.boolean()),
  perhaps(fc.integer({ min: -32768, max: 32767 })),
  perhaps(fc.integer()),
  perhaps(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  perhaps(fc.float()),
  perhaps(fc.double()),
  perhaps(fc.string({ unit: "binary", maxLength: 9 })),
);

function field(type: CopiedType, value: Row[number]): Buffer {
  if (value === null) return Buffer.from([255, 255, 255, 255]);
  const sizes = { boolean: 1, smallint: 2, integer: 4, bigint: 8, float: 4, double: 8, text: 0 };
  const bytes = type === "text" ? Buffer.from(String(value)) : Buffer.alloc(sizes[type]);
  if (type === "boolean") bytes[0] = value ? 1 : 0;
  if (type === "smallint") bytes.writeInt16BE(Number(value));
  if (type === "integer") bytes.writeInt32BE(Number(value));
  if (type === "bigint") bytes.writeBigInt64BE(BigInt(value));
  if (type === "float") bytes.writeFloatBE(Number(value));
  if (type === "double") bytes.writeDoubleBE(Number(value));
  const size = Buffer.alloc(4);
  size.writeInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
}

/** As the documentation of COPY describes it. */
function copied(rows: readonly Row[]): Buffer {
  const count = Buffer.from([0, types.length]);
  const tuples = rows.flatMap((row) => [count, ...row.map((value, at) => field(types[at]!, value))]);
  const header = [Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)];
  return Buffer.concat([...header, ...tuples, Buffer.from([255, 255])]);
}

function decoded(bytes: Buffer, cuts: readonly number[], size: number): Row[] {
  const rows: Row[] = [];
  const decoder = new CopyDecoder(types, size, (count, columns) => {
    for (let row = 0; row < count; row++)
      rows.push(
        columns.map(({ values, missing }, at) => {
          if (missing[row] === 1) return null;
          return types[at] === "boolean" ? values[row] === 1 : values[row]!;
        }),
      );
  });
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [at, place] of places.slice(1).entries()) decoder.push(bytes.subarray(places[at], place));
  decoder.end();
  return rows;
}

test("any rows are read, in pieces and batches of any size", () => {
  fc.assert(
    fc.property(
      fc.array(anyRow, { maxLength: 20 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      fc.integer({ min: 1, max: 7 }),
      (rows, cuts, size) => {
        expect(decoded(copied(rows), cuts, size)).toEqual(rows);
      },
    ),
    { numRuns: 300 },
  );
});

test("rows without an end, and what are no rows, are refused", () => {
  const bytes = copied([[true, 1, 2, 3n, 0.5, 0.25, "é"]]);
  expect(() => decoded(bytes.subarray(0, -2), [], 5)).toThrow("the rows of COPY have no end");
  expect(() => decoded(bytes.subarray(0, -8), [], 5)).toThrow("the rows of COPY have no end");
  expect(() => decoded(Buffer.from("something else, which is long enough"), [], 5)).toThrow("something else than rows");
});
