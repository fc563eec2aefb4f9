import fc from "fast-check";
import { expect, test } from "vitest";
import { exactMean, exactScale, powerOfTwoBelow } from "../../../pipelines/training/gradient-boosting/fixed-point.ts";

test("the power of two below a number is at most it, and more than half of it", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
      const power = powerOfTwoBelow(x);
      expect(Number.isInteger(Math.log2(power))).toBe(true);
      expect(power <= x && power * 2 > x).toBe(true);
    }),
  );
});

test("sums at the exact scale are the same in any order", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1 }), (values) => {
      const scale = exactScale(values.length, 1e9);
      const fixed = values.map((value) => Math.round(value * scale));
      const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);
      expect(sum([...fixed].reverse())).toBe(sum(fixed));
      expect(Math.abs(sum(fixed))).toBeLessThan(2 ** 53);
    }),
  );
});

test("the mean is the same in any order, and close to the true one", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
      const mean = exactMean(Float64Array.from(values));
      expect(exactMean(Float64Array.from(values).reverse())).toBe(mean);
      const plain = values.reduce((total, each) => total + each, 0) / values.length;
      expect(Math.abs(mean - plain)).toBeLessThanOrEqual(1e-9 * Math.max(...values.map(Math.abs)) + 2 ** -900);
    }),
  );
});

test.each([
  ["nothing", [], 0],
  ["zeros", [0, 0], 0],
  ["numbers beyond any float32", [1e200, 3e200], 2e200],
  ["numbers below any float32", [1e-300, 1e-300], 0],
])("the mean of %s", (_title, values, expected) => {
  const mean = exactMean(Float64Array.from(values));
  expect(Math.abs(mean - expected)).toBeLessThanOrEqual(1e-12 * expected + 2 ** -900);
});
