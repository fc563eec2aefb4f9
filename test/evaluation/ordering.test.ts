import fc from "fast-check";
import { expect, test } from "vitest";
import { fallingOrder } from "../../pipelines/evaluation/scored.ts";
import { nthSmallest } from "../../pipelines/statistics/order-statistics.ts";

const floats = fc.array(fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(0, -0, 1, -1)), {
  minLength: 1,
  maxLength: 200,
});

test("the falling order is a stable sort", () => {
  fc.assert(
    fc.property(floats, (values) => {
      // Compared, not subtracted: ∞ − ∞ is not a number.
      const falling = (a: number, b: number) => (values[a]! === values[b]! ? a - b : values[a]! > values[b]! ? -1 : 1);
      expect([...fallingOrder(values)]).toEqual(values.map((_, row) => row).sort(falling));
    }),
  );
});

test("zero and minus zero tie", () => {
  expect([...fallingOrder([-0, 0, -0])]).toEqual([0, 1, 2]);
});

test("the n-th smallest is what sorting puts there", () => {
  fc.assert(
    fc.property(floats, fc.nat(), (values, at) => {
      const rank = at % values.length;
      const sorted = Float64Array.from(values).sort();
      expect(nthSmallest(Float64Array.from(values), rank) + 0).toBe(sorted[rank]! + 0);
    }),
  );
});

test.each([
  ["sorted", (row: number) => row],
  ["reversed", (row: number) => -row],
  ["constant", () => 5],
  ["organ pipe", (row: number) => Math.min(row, 100_000 - row)],
])("selecting from %s values is right", (_, value) => {
  const values = Float64Array.from({ length: 100_000 }, (_, row) => value(row));
  expect(nthSmallest(values.slice(), 50_000)).toBe(values.slice().sort()[50_000]);
});
