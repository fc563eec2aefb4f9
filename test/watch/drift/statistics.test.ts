import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  jensenShannon,
  poolRareCells,
  populationStability,
  totalVariation,
  twoSampleChiSquare,
} from "../../../pipelines/watch/drift/cells.ts";
import {
  differenceTail,
  largestDifference,
  rankSumZ,
  shareChangeP,
  stepsOf,
  wassersteinDistance,
} from "../../../pipelines/watch/drift/column-tests.ts";
import type { NumericDistribution } from "../../../pipelines/watch/profile/distribution.ts";
import { countNumbers, profileNumbers } from "../../../scripts/bench/drift/count-values.ts";
import "../../property-seed.ts";

/** Both sides as a profile of so few rows and a window on it would be. */
function sides(before: readonly number[], now: readonly number[]): [NumericDistribution, NumericDistribution] {
  const reference = profileNumbers("x", Float64Array.from(before));
  return [reference, countNumbers(reference, Float64Array.from(now))];
}

const before = [1, 2, 2, 3, 5, 8, 8, 8, 13];
const now = [2, 3, 4, 8, 9, 13, 21];

describe("the numbers of scipy", () => {
  it("KS: the statistic, and the limiting distribution", () => {
    expect(largestDifference(stepsOf(...sides(before, now)))).toBeCloseTo(0.31746031746031744, 14);
    // Two samples of 2 rows are worth one, so the difference is the scaled statistic itself.
    const expected = { 0.3: 0.999990694, 0.8: 0.544142412, 1: 0.269999672, 1.36: 0.0494858768, 2: 0.000670925256 };
    for (const [scaled, p] of Object.entries(expected)) expect(differenceTail(Number(scaled), 2, 2)).toBeCloseTo(p, 8);
  });

  it("Wasserstein: exact beyond the edges, straight between them", () => {
    const [reference, current] = sides(before, now);
    // 4 and 9 lie between values of the reference; all else is exact.
    expect(wassersteinDistance(stepsOf(reference, current), current)).toBeCloseTo(3.015873015873016, 0);
    const [same, shifted] = sides(before, [2, 2, 3, 8, 13, 21]);
    expect(wassersteinDistance(stepsOf(same, shifted), shifted)).toBeCloseTo(
      bruteWasserstein(before, [2, 2, 3, 8, 13, 21]),
      12,
    );
  });

  it("rank sum, with ties", () => {
    expect(rankSumZ(...sides(before, now))).toBeCloseTo(1.0711894933108057, 12);
    expect(rankSumZ(...sides([5, 5], [5, 5, 5]))).toBe(0);
  });

  it("two-sample chi-square", () => {
    const found = twoSampleChiSquare({ reference: [60, 30, 10], current: [80, 60, 40] });
    expect(found).toEqual({ statistic: expect.closeTo(8.71111111111111, 10), degrees: 2 });
  });

  it.each([
    [{ count: 4, rows: 8 }, { count: 1, rows: 4 }, 0.8484848484848486],
    [{ count: 8, rows: 1000 }, { count: 5, rows: 100 }, 0.008021030580084127],
    [{ count: 0, rows: 100_000 }, { count: 3, rows: 1000 }, 1.9354181246159258e-6],
    [{ count: 570, rows: 100_000 }, { count: 30, rows: 3000 }, 0.00679375182730827],
    [{ count: 0, rows: 10 }, { count: 0, rows: 10 }, 1],
    [{ count: 10, rows: 10 }, { count: 7, rows: 7 }, 1],
    [{ count: 1, rows: 10 }, { count: 0, rows: 0 }, 1],
  ])("Fisher's exact test: twice the smaller tail, %o and %o", (reference, current, p) => {
    expect(shareChangeP(reference, current) / p).toBeCloseTo(1, 8);
  });

  it("Jensen-Shannon and PSI", () => {
    const cells = { reference: [60, 30, 10], current: [40, 30, 10] };
    expect(jensenShannon(cells)).toBeCloseTo(0.07112938864483227, 12);
    expect(populationStability(cells)).toBeCloseTo(0.0405465108, 9);
  });
});

function bruteWasserstein(first: readonly number[], second: readonly number[]): number {
  const all = [...first, ...second].sort((a, b) => a - b);
  const share = (values: readonly number[], at: number) => values.filter((value) => value <= at).length / values.length;
  return all
    .slice(1)
    .reduce(
      (sum, value, at) => sum + (value - all[at]!) * Math.abs(share(first, all[at]!) - share(second, all[at]!)),
      0,
    );
}

function bruteKs(first: readonly number[], second: readonly number[]): number {
  const share = (values: readonly number[], at: number) => values.filter((value) => value <= at).length / values.length;
  return Math.max(...[...first, ...second].map((at) => Math.abs(share(first, at) - share(second, at))));
}

const all = Array.from({ length: 11 }, (_, at) => at - 5);
const values = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 40 });

describe("properties", () => {
  it("KS of an exact profile is that of the rows", () => {
    const any = fc.array(
      fc.integer({ min: -20, max: 20 }).map((value) => value / 4),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(values, any, (first, second) => {
        expect(largestDifference(stepsOf(...sides(first, second)))).toBeCloseTo(bruteKs(first, second), 12);
      }),
    );
  });

  it("Wasserstein is exact where the window's values are the reference's, or beyond them", () => {
    fc.assert(
      fc.property(values, fc.array(fc.nat(), { minLength: 1, maxLength: 40 }), (first, picks) => {
        const beyond = [Math.min(...first) - 7.5, Math.max(...first) + 3.25];
        const second = picks.map((pick) => [...first, ...beyond][pick % (first.length + 2)]!);
        const [reference, current] = sides(first, second);
        expect(wassersteinDistance(stepsOf(reference, current), current)).toBeCloseTo(
          bruteWasserstein(first, second),
          9,
        );
      }),
    );
  });

  it("swapping the sides turns the rank sum's sign and leaves the tests of shares", () => {
    const counts = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(values, values, counts, (first, second, cells) => {
        // With every value on both sides none lies between edges, where values count as tied.
        const [one, two] = [first, second].map((side) => [...side, ...all]) as [number[], number[]];
        expect(rankSumZ(...sides(one, two)) + rankSumZ(...sides(two, one))).toBeCloseTo(0, 9);
        const reference = cells.map(([rows]) => rows + 1);
        const current = cells.map(([, rows]) => rows + 1);
        const [here, there] = [
          twoSampleChiSquare({ reference, current }),
          twoSampleChiSquare({ reference: current, current: reference }),
        ];
        expect(here?.statistic ?? 0).toBeCloseTo(there?.statistic ?? 0, 9);
        const distance = totalVariation({ reference, current });
        expect(distance.raw).toBeCloseTo(totalVariation({ reference: current, current: reference }).raw, 12);
        expect(distance.corrected).toBeLessThanOrEqual(distance.raw);
      }),
    );
  });

  it("pooling loses no rows and leaves no rare cell but one that is all there is", () => {
    const counts = fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(counts, (cells) => {
        const whole = { reference: cells.map(([rows]) => rows + 1), current: cells.map(([, rows]) => rows + 1) };
        const pooled = poolRareCells(whole);
        const sum = (rows: readonly number[]) => rows.reduce((all, each) => all + each, 0);
        const [before, after] = [sum(whole.reference), sum(whole.current)];
        expect([sum(pooled.reference), sum(pooled.current)]).toEqual([before, after]);
        for (const [at, rows] of pooled.reference.entries()) {
          const expected = ((rows + pooled.current[at]!) * Math.min(before, after)) / (before + after);
          expect(pooled.reference.length === 1 || expected >= 5 - 1e-9).toBe(true);
        }
      }),
    );
  });
});
