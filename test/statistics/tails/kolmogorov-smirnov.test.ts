import fc from "fast-check";
import { expect, test } from "vitest";
import {
  kolmogorovSmirnov,
  kolmogorovSmirnovTail,
  oneSampleTail,
} from "../../../pipelines/statistics/tails/kolmogorov-smirnov.ts";

/** factor · i mod modulus + shift for i < rows, sorted. */
const sequence = ([rows, factor, modulus, shift]: readonly number[]) =>
  Float64Array.from({ length: rows! }, (_, i) => ((factor! * i) % modulus!) + shift!).sort();

/** Of scipy 1.17.1: ks_2samp(first, second). */
const twoSamples: [string, number[], number[], number, number][] = [
  ["equal sizes", [10, 7, 101, 0], [10, 13, 101, 20], 0.4, 0.41752365281777043],
  ["equal sizes with ties", [60, 7, 13, 0], [60, 5, 13, 2], 0.18333333333333332, 0.2671202776187836],
  ["unequal sizes", [30, 37, 101, 0], [47, 53, 97, 6], 0.07872340425531915, 0.9988721760112149],
  ["unequal sizes with ties", [200, 7, 6, 0], [150, 5, 6, 1], 0.17333333333333334, 0.010351058665288664],
  ["one value against many", [1, 7, 13, 0], [40, 7, 41, 0], 0.975, 0.0975609756097561],
  ["no overlap", [25, 7, 29, 0], [31, 7, 37, 100], 1.0, 3.5878039620630146e-16],
  [
    "sizes without a common divisor",
    [997, 37, 1009, 0],
    [1000, 53, 1013, 40],
    0.04591675025075226,
    0.23265099506154974,
  ],
  ["10,000 rows, the last that are exact", [1000, 37, 997, 0], [10000, 53, 997, 30], 0.0328, 0.27708757082273067],
  ["10,001 rows, no longer exact", [1000, 37, 997, 0], [10001, 53, 997, 30], 0.032805319468053186, 0.27585943236927435],
  ["far apart and no longer exact", [800, 37, 997, 0], [20000, 53, 997, 200], 0.21275, 5.046135689950434e-31],
  ["the same values", [500, 37, 101, 0], [500, 37, 101, 0], 0.0, 1.0],
];

test.each(twoSamples)("two samples: %s", (_, first, second, statistic, p) => {
  const found = kolmogorovSmirnov(sequence(first), sequence(second))!;
  expect(found.statistic).toBeCloseTo(statistic, 13);
  expect(Math.abs(found.p - p)).toBeLessThanOrEqual(1e-11 * p);
});

/** Of scipy 1.17.1: kstwo.sf(statistic, rows). */
const oneSample: [number, number, number][] = [
  [0.04, 140, 0.9719726587618661],
  [0.1, 50, 0.6623112704658186],
  [0.2, 30, 0.15796916101547398],
  [0.45, 7, 0.08235918175946066],
  [0.6, 3, 0.14400000000000004],
  [0.9, 2, 0.01999999999999999],
  [0.03, 200, 0.991436524714942],
  [0.05, 500, 0.15866260223815387],
  [0.042, 952, 0.06760374087875065],
  [0.06, 952, 0.002018936184296537],
  [0.03, 952, 0.351373300664116],
  [0.01, 952, 0.9999712443601857],
  [0.005, 952, 1.0],
  [0.2, 952, 7.481239993190101e-34],
  [0.01, 20000, 0.03638603905248727],
  [0.004, 90000, 0.11195054177130148],
  [0.02, 90000, 1.0551959384291942e-31],
  [0.001, 100000, 0.9999638407940036],
];

test.each(oneSample)("one sample: a difference of %d in %d rows", (statistic, rows, p) => {
  expect(Math.abs(oneSampleTail(statistic, rows) - p)).toBeLessThanOrEqual(1e-11 * p);
});

test("one sample of millions of rows has the limiting distribution", () => {
  expect(oneSampleTail(0.0011, 2_000_000)).toBeCloseTo(0.015802514902817838, 8);
  expect(oneSampleTail(0.0001, 2_000_000)).toBeCloseTo(1, 8);
  expect(oneSampleTail(0.1, 2_000_000)).toBe(0);
});

test("a side without values has no answer", () => {
  expect(kolmogorovSmirnov(Float64Array.of(), Float64Array.of(1))).toBeNull();
});

test("the two sides may change places, and a larger difference is never likelier", () => {
  const rows = fc.integer({ min: 1, max: 400 });
  const difference = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(rows, rows, difference, difference, (first, second, one, other) => {
      const p = kolmogorovSmirnovTail(one, first, second);
      expect(p).toBeGreaterThanOrEqual(0);
      expect(p).toBeLessThanOrEqual(1);
      expect(kolmogorovSmirnovTail(one, second, first)).toBe(p);
      const q = kolmogorovSmirnovTail(other, first, second);
      expect(one < other ? p - q : q - p).toBeGreaterThanOrEqual(-1e-12);
    }),
  );
});

test("the exact chance is that of all ways to divide the values", () => {
  const values = [1, 2, 3, 4, 5, 6, 7];
  const [first, second] = [Float64Array.of(1, 2, 4), Float64Array.of(3, 5, 6, 7)];
  const observed = kolmogorovSmirnov(first, second)!;
  const statistics = subsets(values, 3).map(
    (chosen) =>
      kolmogorovSmirnov(
        Float64Array.from(chosen),
        Float64Array.from(values.filter((value) => !chosen.includes(value))),
      )!.statistic,
  );
  const asLarge = statistics.filter((statistic) => statistic >= observed.statistic - 1e-12).length;
  expect(observed.p).toBeCloseTo(asLarge / statistics.length, 14);
});

function subsets(values: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return values.flatMap((value, at) => subsets(values.slice(at + 1), size - 1).map((rest) => [value, ...rest]));
}
