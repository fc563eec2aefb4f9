import { describe, expect, test } from "vitest";
import { matchNumbers } from "../../pipelines/statistics/format-number.ts";

describe("numbers of one comparison", () => {
  test.each([
    ["four digits of the larger", [548.2, 531.71], -16.49, ["548.2", "531.7", "−16.5"]],
    ["zeros that keep the width", [18.9, 17.21], -1.69, ["18.90", "17.21", "−1.69"]],
    ["a small score", [0.0123, 0.0119], -0.0004, ["0.01230", "0.01190", "−0.00040"]],
    ["thousands", [1_234_567.8, 999.9], -1_233_567.9, ["1,234,568", "1,000", "−1,233,568"]],
    ["a small difference adds decimals", [29.612, 29.608], -0.004, ["29.612", "29.608", "−0.004"]],
    ["a tiny one does not add many", [29.61, 29.61], -1e-12, ["29.61000", "29.61000", "0.00000"]],
    ["none", [29.61, 29.61], 0, ["29.61", "29.61", "0.00"]],
    ["negative scores", [-0.52, 0.31], 0.83, ["−0.5200", "0.3100", "+0.8300"]],
    ["zeros", [0, 0], 0, ["0.00", "0.00", "0.00"]],
    ["huge numbers", [1e20, 2e20], 1e20, ["1e20", "2e20", "+1e20"]],
  ] as const)("%s", (_title, [production, candidate], difference, expected) => {
    const numbers = matchNumbers([production, candidate], [difference]);
    expect([numbers.value(production), numbers.value(candidate), numbers.signed(difference)]).toEqual(expected);
  });

  test("what is no number is empty", () => {
    const numbers = matchNumbers([null, Number.NaN, undefined]);
    expect([numbers.value(null), numbers.value(Number.NaN), numbers.signed(Number.POSITIVE_INFINITY)]).toEqual([
      "",
      "",
      "",
    ]);
  });
});
