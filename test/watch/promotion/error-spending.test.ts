import fc from "fast-check";
import { expect, it } from "vitest";
import { firstConfidence, intervalOfWindow } from "../../../pipelines/watch/promotion/live-evidence.ts";

const difference = { value: 4, low: 4 - 2.5758293, high: 6, confidence: firstConfidence };

it.each<[number, number, number]>([
  // Quantiles of the normal distribution at 0.005, 0.01 ÷ 6, 0.01 ÷ 20 and 0.01 ÷ (52 · 53), by NormalDist of Python's statistics.
  [1, 0.99, 2.5758293],
  [2, 1 - 0.02 / 6, 2.9351995],
  [4, 0.999, 3.2905267],
  [52, 1 - 0.02 / (52 * 53), 4.4860112],
])("the interval of window %i is of %d", (window, confidence, z) => {
  const found = intervalOfWindow(difference, window);
  expect(found.confidence).toBeCloseTo(confidence, 12);
  expect(found.value - found.low).toBeCloseTo(z, 5);
  expect((found.high - found.value) / 2).toBeCloseTo(z / 2.5758293, 5);
});

it("spends one per cent in all, however long one looks", () => {
  const spent = Array.from({ length: 10_000 }, (_, at) => (1 - intervalOfWindow(difference, at + 1).confidence) / 2);
  const sum = spent.reduce((all, each) => all + each, 0);
  expect(sum).toBeLessThan(0.01);
  expect(sum).toBeGreaterThan(0.0099);
});

it("grows from window to window, about the same value", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_000 }), (window) => {
      const [one, next] = [intervalOfWindow(difference, window), intervalOfWindow(difference, window + 1)];
      expect(next.low).toBeLessThan(one.low);
      expect(next.high).toBeGreaterThan(one.high);
      expect(next.value).toBe(one.value);
    }),
  );
});
