import { expect, test } from "vitest";
import { randomCells } from "../../pipelines/evaluation/cells.ts";
import { drawResamples } from "../../pipelines/evaluation/paired-bootstrap.ts";
import { below, seededRandom } from "../../pipelines/statistics/random.ts";

test("a seed gives the same numbers for ever", () => {
  const random = seededRandom(42);
  expect([random(), random(), random()]).toMatchInlineSnapshot(`
    [
      3960382089,
      1547270628,
      4040468816,
    ]
  `);
});

test("seeds beyond 32 bits and streams differ", () => {
  const firsts = [seededRandom(1), seededRandom(2 ** 32 + 1), seededRandom(1, 1), seededRandom(-1)].map((random) =>
    random(),
  );
  expect(new Set(firsts).size).toBe(4);
});

test("numbers below a bound are uniform", () => {
  const random = seededRandom(7);
  const counts = new Int32Array(10);
  for (let draws = 0; draws < 100_000; draws++) counts[below(random, 10)]! += 1;
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  // The 99.9% quantile of chi-square with 9 degrees of freedom.
  expect(chiSquare).toBeLessThan(27.9);
});

test("few rows are cells of their own, many are spread over the limit", () => {
  expect([...randomCells(3, 5, seededRandom(1)).of]).toEqual([0, 1, 2]);
  const cells = randomCells(10_000, 50, seededRandom(1));
  expect(cells.sizes.reduce((sum, size) => sum + size, 0)).toBe(10_000);
  expect(Math.min(...cells.sizes)).toBeGreaterThan(120);
});

test("every replicate draws as many cells as there are", () => {
  const weights = drawResamples(3, 20).weights(30);
  for (let start = 0; start < weights.length; start += 30) {
    expect(weights.subarray(start, start + 30).reduce((sum, weight) => sum + weight, 0)).toBe(30);
  }
});
