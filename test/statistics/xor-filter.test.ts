import { expect, test } from "vitest";
import { seededRandom } from "../../pipelines/statistics/random.ts";
import { buildXorFilter, type Hashes, isInFilter } from "../../pipelines/statistics/xor-filter.ts";

function randomHashes(rows: number, seed: number): Hashes {
  const random = seededRandom(seed);
  const words = () => Uint32Array.from({ length: rows }, () => random());
  return { high: words(), low: words() };
}

test.each([0, 1, 2, 100, 20_000])("finds each of %d hashes, and one in 256 of others", (rows) => {
  const hashes = randomHashes(rows, 1);
  const filter = buildXorFilter(hashes);
  expect([...hashes.low.keys()].every((at) => isInFilter(filter, hashes.high[at]!, hashes.low[at]!))).toBe(true);
  const others = randomHashes(20_000, 2);
  const wrong = [...others.low.keys()].filter((at) => isInFilter(filter, others.high[at]!, others.low[at]!)).length;
  expect(wrong / 20_000).toBeLessThan(0.006);
  expect(filter.fingerprints.length * 8).toBeLessThanOrEqual(10 * rows + 400);
  expect(buildXorFilter(hashes)).toEqual(filter);
});
