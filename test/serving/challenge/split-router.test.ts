import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitRouter } from "../../../pipelines/serving/challenge/split-router.ts";
import { isSampled } from "../../../pipelines/serving/log/log-settings.ts";
import { seededRandom } from "../../../pipelines/statistics/random.ts";

const router = splitRouter(() => {
  throw new Error("a key needs no chance");
});
const count = 200_000;

/** Keys that are alike, as keys are: numbers in a row, dates, lists of texts. */
const kinds: Record<string, (at: number) => string> = {
  numbers: (at) => `${at}`,
  "padded numbers": (at) => `customer-${String(at).padStart(12, "0")}`,
  "lists of texts": (at) => JSON.stringify([`${at % 500}`, `2001-06-${Math.floor(at / 500)}`]),
  "multiples of 1024": (at) => `${at * 1024}`,
};

describe("a split between production and challenger", () => {
  it.each(Object.entries(kinds))("gives the challenger its share of %s", (_title, keyOf) => {
    for (const share of [0.01, 0.1, 0.5, 0.9]) {
      let taken = 0;
      for (let at = 0; at < count; at++) if (router.isChallengers("rent", share, keyOf(at))) taken += 1;
      // Five standard errors: one run in two million.
      expect(Math.abs(taken - share * count)).toBeLessThan(5 * Math.sqrt(count * share * (1 - share)));
    }
  });

  it("deals a key to the same version every time, and lets it stay when the share grows", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (key, a, b) => {
          const [less, more] = [Math.min(a, b), Math.max(a, b)];
          const first = router.isChallengers("rent", less, key);
          expect(router.isChallengers("rent", less, key)).toBe(first);
          if (first) expect(router.isChallengers("rent", more, key)).toBe(true);
        },
      ),
    );
  });

  it("gives each model other keys, and the log's sample others again", () => {
    let [both, sampled] = [0, 0];
    for (let at = 0; at < count; at++) {
      const key = `${at}`;
      const here = router.isChallengers("rent", 0.3, key);
      if (here && router.isChallengers("delay", 0.3, key)) both += 1;
      if (here && isSampled(0.3, { key, time: 0, at: 0 })) sampled += 1;
    }
    for (const each of [both, sampled])
      expect(Math.abs(each - 0.09 * count)).toBeLessThan(5 * Math.sqrt(count * 0.09 * 0.91));
  });

  it("spreads keys evenly over the whole range", () => {
    // 100 cells of 2,000 keys: chi-square with 99 degrees of freedom is below 173 but once in 100,000 runs.
    const cells = new Float64Array(100);
    for (let at = 0; at < count; at++)
      for (let cell = 0; cell < 100; cell++)
        if (router.isChallengers("rent", (cell + 1) / 100, `${at}`)) {
          cells[cell]! += 1;
          break;
        }
    expect(cells.reduce((sum, each) => sum + (each - 2000) ** 2 / 2000, 0)).toBeLessThan(173);
  });

  it("deals rows without a key out by chance", () => {
    const random = seededRandom(7);
    const chance = splitRouter(() => random() / 2 ** 32);
    let taken = 0;
    for (let at = 0; at < count; at++) if (chance.isChallengers("rent", 0.2, null)) taken += 1;
    expect(Math.abs(taken - 0.2 * count)).toBeLessThan(5 * Math.sqrt(count * 0.16));
  });
});
