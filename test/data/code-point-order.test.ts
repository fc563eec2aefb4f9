import fc from "fast-check";
import { expect, test } from "vitest";
import { compareCodePoints } from "../../pipelines/data/code-point-order.ts";

test("the order is that of UTF-8 bytes", () => {
  const text = fc.string({ unit: "binary", maxLength: 8 });
  fc.assert(
    fc.property(text, text, (left, right) => {
      expect(Math.sign(compareCodePoints(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["\uFFEE", "\u{1F600}"],
  ["", "a"],
  ["a", "ab"],
  ["Z", "a"],
])("%j is before %j", (left, right) => {
  expect(compareCodePoints(left, right)).toBeLessThan(0);
  expect(compareCodePoints(right, left)).toBeGreaterThan(0);
});
