import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Bins,
  binColumns,
  binNumbers,
  cutBins,
} from "../../../pipelines/training/gradient-boosting/bin-columns.ts";
import { sortedDistinct } from "../../../pipelines/training/gradient-boosting/sorted-values.ts";

function bin(values: readonly number[], most = 255) {
  const column = Float32Array.from(values);
  const codes = new Uint8Array(column.length);
  return { column, codes, bins: binNumbers(column, most, codes) };
}

/** More rows than are sorted, so that the table of values is used. */
const repeated = (values: readonly number[]) => Array.from({ length: 8192 }, (_, row) => values[row % values.length]!);

/** Whether the comparisons that a tree makes find the code. */
function isRight(value: number, code: number, { cuts, count }: Bins): boolean {
  if (Number.isNaN(value)) return code === count;
  return (code === cuts.length || value <= cuts[code]!) && (code === 0 || !(value <= cuts[code - 1]!));
}

const anyFloat = fc.float({ noNaN: false });

test.each([
  ["few rows, which are sorted", (values: number[]) => values],
  ["many rows, which are counted in a table", repeated],
])("x ≤ cut tells the bins apart exactly, whatever the float32 values: %s", (_title, rowsOf) => {
  fc.assert(
    fc.property(
      fc.array(anyFloat, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 2, max: 20 }),
      (values, most) => {
        const { column, codes, bins } = bin(rowsOf(values), most);
        expect(bins.count).toBeLessThanOrEqual(most);
        expect([...codes].findIndex((code, row) => !isRight(column[row]!, code, bins))).toBe(-1);
      },
    ),
    { numRuns: 40 },
  );
});

test.each([
  ["neighbouring floats", [1, Math.fround(1 + 2 ** -23)], [1]],
  ["a plain middle", [1, 2], [1.5]],
  ["infinities", [-Infinity, 0, Infinity], [-Infinity, 0]],
  ["only infinities", [-Infinity, Infinity], [-Infinity]],
  ["the largest floats", [-3.4028234663852886e38, 3.4028234663852886e38], [0]],
  ["denormals", [0, 1.401298464324817e-45], [0]],
  ["0 and -0 are one value", [-0, 0, 1], [0.5]],
  ["one value", [7, 7, 7], []],
  ["nothing but missing values", [Number.NaN, Number.NaN], []],
])("cuts lie between neighbouring values: %s", (_title, values, cuts) => {
  expect([...bin(values).bins.cuts]).toEqual(cuts);
  expect([...bin(repeated(values)).bins.cuts]).toEqual(cuts);
});

test("more values than bins: the bins hold about as many rows each", () => {
  const { codes, bins } = bin(
    Array.from({ length: 50_000 }, (_, row) => Math.sqrt(row)),
    100,
  );
  const counts = new Array<number>(bins.count).fill(0);
  for (const code of codes) counts[code]!++;
  expect(bins.count).toBe(100);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(499);
  expect(Math.max(...counts)).toBeLessThanOrEqual(501);
});

test("the bins are as narrow below as above when there are hardly more values than bins", () => {
  const bins = cutBins(
    { values: Float32Array.from({ length: 398 }, (_, i) => i), counts: new Int32Array(398).fill(1) },
    255,
  );
  expect(bins.count).toBe(255);
  bins.cuts.forEach((cut, index) => {
    expect(Math.abs(cut + 0.5 - ((index + 1) * 398) / 255)).toBeLessThanOrEqual(1);
  });
});

test("a value with many rows has a bin of its own, and the others share the rest", () => {
  const { codes, bins } = bin(
    Array.from({ length: 2000 }, (_, row) => (row % 2 === 0 ? 500 : row)),
    10,
  );
  const ofCommon = codes[0]!;
  expect([...codes].every((code, row) => (row % 2 === 0) === (code === ofCommon))).toBe(true);
  expect(bins.count).toBeGreaterThan(8);
});

test("of more than 200,000 rows a sample says where the bins are, which hold about as many rows each", () => {
  const rows = 400_000;
  const column = Float32Array.from({ length: rows }, (_, row) => Math.sin(row) * 1000);
  const codes = new Uint8Array(rows);
  const bins = binNumbers(column, 100, codes, 7);
  const counts = new Array<number>(bins.count).fill(0);
  for (const code of codes) counts[code]!++;
  expect(bins.count).toBe(100);
  // 2,000 sampled rows a bin: five standard deviations are 11%.
  expect(Math.min(...counts)).toBeGreaterThan(4000 * 0.88);
  expect(Math.max(...counts)).toBeLessThan(4000 * 1.12);
  expect(codes.findIndex((code, row) => !isRight(column[row]!, code, bins))).toBe(-1);
  expect(binNumbers(column, 100, new Uint8Array(rows), 7)).toEqual(bins);
});

test("the bins are the same by one thread and by three", async () => {
  const rows = 300_000;
  const columns = Array.from({ length: 25 }, (_, column) => ({
    values: Float32Array.from({ length: rows }, (_, row) => Math.sin(row * (column + 1))),
    codes: new Uint8Array(new SharedArrayBuffer(rows)),
    most: 31,
    seed: 1,
  }));
  const alone = await binColumns(columns, 1);
  const codes = columns.map((column) => Buffer.from(column.codes));
  for (const column of columns) column.codes.fill(0);
  expect(await binColumns(columns, 3)).toEqual(alone);
  expect(columns.every((column, index) => codes[index]!.equals(column.codes))).toBe(true);
});

test("a sort by digits finds the distinct values of any floats", () => {
  fc.assert(
    fc.property(fc.array(anyFloat), (values) => {
      const wanted = new Map<number, number>();
      for (const value of Float32Array.from(values).sort()) {
        if (!Number.isNaN(value)) wanted.set(value + 0, (wanted.get(value + 0) ?? 0) + 1);
      }
      const { values: found, counts } = sortedDistinct(Float32Array.from(values));
      expect([...found]).toEqual([...wanted.keys()]);
      expect([...counts]).toEqual([...wanted.values()]);
    }),
  );
});

test("bins do not depend on the order of the rows", () => {
  const values = Array.from({ length: 3000 }, (_, row) => (row * 7919) % 1009);
  expect(bin([...values].reverse(), 31).bins).toEqual(bin(values, 31).bins);
});
