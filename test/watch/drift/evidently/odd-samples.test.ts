import fc from "fast-check";
import { expect, test } from "vitest";
import { compareSamples } from "../../../../pipelines/watch/drift/evidently/compare-samples.ts";
import type { Sample } from "../../../../pipelines/watch/drift/evidently/sample.ts";
import { categories, counted, numbers, sequence } from "./samples.ts";

const nothing = numbers([]);
const noCategories = counted({});

test.each<[string, Sample, Sample]>([
  ["no reference", nothing, numbers([1, 2])],
  ["no current values", numbers([1, 2]), nothing],
  ["no numbers at all", nothing, nothing],
  ["no categories in the reference", noCategories, counted({ a: 2 })],
  ["no current categories", counted({ a: 2 }), noCategories],
])("%s: no answer", (_, reference, current) => {
  expect(compareSamples(reference, current)).toBeNull();
});

test.each<[string, Sample, Sample, boolean]>([
  ["the same constant", sequence(500, () => 7), sequence(40, () => 7), false],
  ["the same constant in many rows", sequence(5000, () => 7), sequence(40, () => 7), false],
  ["another constant", sequence(500, () => 7), sequence(40, () => 8), true],
  ["another constant in many rows", sequence(5000, () => 7), sequence(40, () => 8), true],
  ["a constant that begins to vary", sequence(5000, () => 7), sequence(400, (i) => i % 50), true],
  ["one category only", counted({ a: 100 }), counted({ a: 3 }), false],
  ["one category replaced by another", counted({ a: 60, b: 40 }), counted({ a: 60, c: 40 }), true],
  ["one of two replaced, many rows", counted({ a: 6000, b: 4000 }), counted({ a: 60, c: 40 }), true],
  ["all categories new", counted({ a: 100 }), counted({ b: 100 }), true],
  ["a reference of 30 rows, the same values", sequence(30, (i) => i), sequence(30, (i) => i), false],
  ["a reference of 30 rows, far away", sequence(30, (i) => i), sequence(30, (i) => i + 100), true],
  ["one row against one row", numbers([1]), numbers([2]), false],
  ["the largest 32-bit numbers", sequence(2000, (i) => i * 1e35), sequence(2000, (i) => -i * 1e35), true],
  ["numbers that hardly differ", sequence(2000, (i) => 1e9 + i * 1e-6), sequence(2000, (i) => 1e9 + i * 1e-6), false],
  ["numbers below the least deviation", sequence(2000, (i) => i * 1e-9), sequence(2000, (i) => 1 + i * 1e-9), true],
])("%s", (_, reference, current, drifts) => {
  const answer = compareSamples(reference, current)!;
  expect(answer.drifts).toBe(drifts);
  for (const number of [answer.score, answer.jensenShannon, answer.psi, answer.wasserstein ?? 0]) {
    expect(number).toBeGreaterThanOrEqual(0);
    expect(number).toBeLessThan(Number.POSITIVE_INFINITY);
  }
});

const rows = { minLength: 1, maxLength: 60 };
const numberSample = fc
  .array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ min: -1e38, max: 1e38, noNaN: true })), rows)
  .map(numbers);
const categorySample = fc.array(fc.constantFrom("a", "b", "c", "é", "😀"), rows).map(categories);

test.each([
  ["numbers", numberSample],
  ["categories", categorySample],
])("any two samples of %s have an answer, and a sample never drifts from itself", (_, sample) => {
  fc.assert(
    fc.property(sample, sample, (reference, current) => {
      const answer = compareSamples(reference, current)!;
      expect(answer.score).toBeGreaterThanOrEqual(0);
      expect(answer.jensenShannon).toBeLessThanOrEqual(Math.sqrt(Math.LN2) + 1e-12);
      const same = compareSamples(reference, reference)!;
      expect(same).toMatchObject({ drifts: false, jensenShannon: 0, psi: 0 });
    }),
  );
});
