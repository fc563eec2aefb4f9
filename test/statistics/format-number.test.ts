import { describe, expect, test } from "vitest";
import {
  formatApart,
  formatCount,
  formatExact,
  formatNumber,
  formatPercent,
  formatSigned,
  formatSignedPercent,
} from "../../pipelines/statistics/format-number.ts";

describe("formatNumber", () => {
  test.each([
    [29.612, "29.61"],
    [0.0123, "0.0123"],
    [0.01234567, "0.01235"],
    [18, "18"],
    [18.9, "18.9"],
    [0, "0"],
    [-0, "0"],
    [-2.5, "−2.5"],
    [999.96, "1,000"],
    [1234.5, "1,235"],
    [1108433, "1,108,433"],
    [-1108433.4, "−1,108,433"],
    [0.00001234, "0.00001234"],
    [1.234e-8, "1.234e−8"],
    [7.78078e14, "778,078,000,000,000"],
    [1.5e18, "1.5e18"],
    [Number.NaN, "not a number"],
    [Number.NEGATIVE_INFINITY, "−∞"],
  ])("%d is %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

test.each([
  [0.41, "+0.41"],
  [-16.49, "−16.5"],
  [0, "0"],
  [-0, "0"],
  [-1234567, "−1,234,567"],
])("formatSigned(%d) is %s", (value, text) => {
  expect(formatSigned(value)).toBe(text);
});

test("counts, percentages and limits", () => {
  expect(formatCount(369478)).toBe("369,478");
  expect(formatCount(7)).toBe("7");
  expect(formatPercent(0.1)).toBe("10%");
  expect(formatPercent(0.02703)).toBe("2.7%");
  expect(formatSignedPercent(0.027)).toBe("+2.7%");
  expect(formatSignedPercent(-0.5)).toBe("−50%");
  expect(formatExact(1234.5)).toBe("1,234.5");
  expect(formatExact(0.1)).toBe("0.1");
  expect(formatExact(123456.789)).toBe("123,456.789");
});

test("different numbers never read alike", () => {
  expect(formatApart(29.61, 30.02)).toEqual(["29.61", "30.02"]);
  expect(formatApart(29.6123, 29.6124)).toEqual(["29.6123", "29.6124"]);
  expect(formatApart(1234.1, 1234.2)).toEqual(["1,234.1", "1,234.2"]);
  expect(formatApart(5, 5)).toEqual(["5", "5"]);
});
