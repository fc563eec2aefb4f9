import fc from "fast-check";
import { expect, test } from "vitest";
import { benjaminiHochberg } from "../../../pipelines/statistics/tails/benjamini-hochberg.ts";
import { chiSquareTail, normalTail, twoSidedNormalTail } from "../../../pipelines/statistics/tails/distributions.ts";
import { twoProportions } from "../../../pipelines/statistics/tails/two-proportions.ts";

/** Of scipy 1.17.1: norm.sf(z) and 2 norm.sf(|z|). */
const normal: [number, number, number][] = [
  [0.0, 0.5, 1.0],
  [1e-9, 0.49999999960105773, 0.9999999992021155],
  [0.3, 0.3820885778110474, 0.7641771556220948],
  [-0.3, 0.6179114221889526, 0.7641771556220948],
  [1.0, 0.15865525393145707, 0.31731050786291415],
  [1.959963984540054, 0.025, 0.05],
  [-2.5, 0.9937903346742238, 0.012419330651552265],
  [5.0, 2.866515718791933e-7, 5.733031437583866e-7],
  [8.0, 6.22096057427174e-16, 1.244192114854348e-15],
  [20.0, 2.7536241186061556e-89, 5.507248237212311e-89],
  [37.0, 5.7255712225239266e-300, 1.1451142445047853e-299],
];

test.each(normal)("the normal tail beyond %d", (z, upper, both) => {
  expect(Math.abs(normalTail(z) - upper)).toBeLessThanOrEqual(1e-12 * upper);
  expect(Math.abs(twoSidedNormalTail(z) - both)).toBeLessThanOrEqual(1e-12 * both);
});

/** Of scipy 1.17.1: chi2.sf(statistic, degrees). */
const chiSquare: [number, number, number][] = [
  [0.0, 1, 1.0],
  [1e-12, 1, 0.9999992021154392],
  [0.5, 1, 0.47950012218695337],
  [3.841458820694124, 1, 0.04999999999999989],
  [100.0, 1, 1.5239706048320995e-23],
  [3.3333333333333335, 2, 0.1888756028375618],
  [7.0, 3, 0.07189777249646509],
  [20.0, 9, 0.017912404529843298],
  [30.0, 29, 0.41400364291754255],
  [80.0, 99, 0.9191878735980901],
  [120.0, 99, 0.07424385580596692],
  [1000.0, 999, 0.48513148927490146],
  [1100.0, 999, 0.013818467525532353],
  [10500.0, 9999, 0.00024153011422255386],
  [1200.0, 2, 2.6503965530042593e-261],
  [99800.0, 99999, 0.6714007301167966],
];

test.each(chiSquare)("the chi-square tail beyond %d with %d degrees of freedom", (statistic, degrees, p) => {
  expect(Math.abs(chiSquareTail(statistic, degrees) - p)).toBeLessThanOrEqual(1e-12 * p);
});

test("the tails' ends", () => {
  expect(normalTail(Number.POSITIVE_INFINITY)).toBe(0);
  expect(normalTail(Number.NEGATIVE_INFINITY)).toBe(1);
  expect(normalTail(Number.NaN)).toBeNaN();
  expect(chiSquareTail(Number.POSITIVE_INFINITY, 3)).toBe(0);
  expect(chiSquareTail(Number.NaN, 3)).toBeNaN();
});

test("the normal tail is symmetric and falls", () => {
  const z = fc.double({ min: -40, max: 40, noNaN: true });
  fc.assert(
    fc.property(z, z, (one, other) => {
      expect(normalTail(one) + normalTail(-one)).toBeCloseTo(1, 14);
      if (one < other) expect(normalTail(one)).toBeGreaterThanOrEqual(normalTail(other) * (1 - 1e-12));
    }),
  );
});

test("the chi-square tail falls with the statistic and rises with the degrees of freedom", () => {
  const statistic = fc.double({ min: 0, max: 3000, noNaN: true });
  fc.assert(
    fc.property(statistic, statistic, fc.integer({ min: 1, max: 2000 }), (one, other, degrees) => {
      const p = chiSquareTail(one, degrees);
      expect(p >= 0 && p <= 1).toBe(true);
      expect(chiSquareTail(one, degrees + 1)).toBeGreaterThanOrEqual(p - 1e-12);
      expect((one - other) * (p - chiSquareTail(other, degrees))).toBeLessThanOrEqual(1e-9);
    }),
  );
});

test("two proportions", () => {
  const found = twoProportions({ count: 70, rows: 100 }, { count: 50, rows: 80 })!;
  expect(found.z).toBeCloseTo(-1.0606601718, 10);
  expect(found.p).toBeCloseTo(0.2888443664, 9);
  expect(twoProportions({ count: 0, rows: 10 }, { count: 0, rows: 4 })).toEqual({ z: 0, p: 1 });
  expect(twoProportions({ count: 4, rows: 4 }, { count: 10, rows: 10 })).toEqual({ z: 0, p: 1 });
  expect(twoProportions({ count: 1, rows: 2 }, { count: 0, rows: 0 })).toBeNull();
});

/** Of scipy 1.17.1: false_discovery_control. */
test("Benjamini-Hochberg", () => {
  const given = [0.01, 0.04, 0.03, 0.005, 0.55, 0.9, 0.04];
  const adjusted = [
    0.035, 0.055999999999999994, 0.055999999999999994, 0.035, 0.6416666666666667, 0.9, 0.055999999999999994,
  ];
  for (const [at, p] of benjaminiHochberg(given).entries()) expect(p).toBeCloseTo(adjusted[at]!, 14);
  expect(benjaminiHochberg([])).toEqual([]);
  expect(benjaminiHochberg([null, 0.02, null, 0.01])).toEqual([null, 0.02, null, 0.02]);
});

test("adjusted p-values keep the order of the given ones and are never smaller", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }), (given) => {
      const adjusted = benjaminiHochberg(given);
      for (const [at, p] of adjusted.entries()) {
        expect(p).toBeGreaterThanOrEqual(given[at]!);
        expect(p).toBeLessThanOrEqual(1);
        for (const [other, q] of adjusted.entries()) if (given[at]! < given[other]!) expect(p).toBeLessThanOrEqual(q);
      }
    }),
  );
});
