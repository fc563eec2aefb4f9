import { expect, test } from "vitest";
import { shareOf } from "../../scripts/bench/verdicts/errors.ts";
import { equalTries, groupedRows, judgedSlices, smallSamples } from "../../scripts/bench/verdicts/intervals.ts";
import { reshuffled, tripledNoise } from "../../scripts/bench/verdicts/public-leaks.ts";

// Short versions of `npm run bench:verdicts`, with wide bounds; seeds are fixed.

test("a production that knows the test rows looks twice as good as it is, and is not judged on them", async () => {
  const { seen, all, left, honest } = await reshuffled(1);
  expect(seen).toBeGreaterThan(0.75);
  expect(all.production).toBeLessThan(0.6 * honest);
  expect(all.production).toBeLessThan(all.candidate);
  expect(left.production / honest).toBeGreaterThan(0.9);
  expect(left.candidate).toBeLessThan(left.production);
});

test("noise that is there three times is learned by heart, and told by the rows that are there once", async () => {
  const { copies, others } = await tripledNoise(1);
  expect(copies).toBeGreaterThan(0.7);
  expect(others).toBeLessThan(0.1);
});

test("intervals of grouped rows hold the truth when groups are drawn, and not when rows are", () => {
  const { byGroup, byRow } = groupedRows(60, 20, 100);
  expect(shareOf(byGroup)).toBeGreaterThan(0.9);
  expect(shareOf(byRow)).toBeLessThan(0.7);
});

test("of fifty equal tries few pass", () => {
  const { knowing, unknowing } = equalTries(50, 25);
  expect(shareOf(knowing)).toBeLessThanOrEqual(0.12);
  expect(shareOf(unknowing)).toBeGreaterThan(shareOf(knowing));
});

test("slices of equal models seldom block, and a true regression does", () => {
  const equal = judgedSlices(new Array<number>(20).fill(200), 0, 40);
  expect(shareOf(equal.beyondLimit)).toBeGreaterThan(0.5);
  expect(shareOf(equal.any)).toBeLessThanOrEqual(0.125);
  expect(shareOf(judgedSlices([1000, 200, 200, 200], 0.2, 30).first)).toBeGreaterThan(0.85);
});

test.each(["rmse", "mae"])("intervals of %s hold with 100 rows and heavy tails", (metric) => {
  expect(shareOf(smallSamples(metric, "t3", 250))).toBeGreaterThan(0.91);
});
