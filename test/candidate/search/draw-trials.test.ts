import fc from "fast-check";
import { expect, test } from "vitest";
import { drawTrials } from "../../../pipelines/candidate/search/draw-trials.ts";
import type { SearchConfig } from "../../../pipelines/config/model-config.ts";

function search(space: SearchConfig["space"], changes: Partial<SearchConfig> = {}): SearchConfig {
  const rest = { trials: 5, metric: "rmse", validation: 0.2, parallel: 1, eta: 3, resource: "rows" };
  return { method: "random", space, ...rest, ...changes };
}

test("a grid goes through every combination, by name, the last param changing fastest", () => {
  const grid = search({ trees: [10, 20], leaves: [4, 8, 16] }, { method: "grid", trials: 1 });
  expect(drawTrials(grid, 1).map(({ leaves, trees }) => `${leaves} ${trees}`)).toEqual([
    "4 10",
    "4 20",
    "8 10",
    "8 20",
    "16 10",
    "16 20",
  ]);
});

test("the order in which the params are written changes nothing", () => {
  const [a, b] = [{ min: 1, max: 9, scale: "linear", integer: true } as const, ["x", "y", "z"]];
  expect(drawTrials(search({ a, b }), 7)).toEqual(drawTrials(search({ b, a }), 7));
});

test("the same seed draws the same, another seed others, and more trials begin with the same", () => {
  const space = { rate: { min: 0.01, max: 1, scale: "log", integer: false } } as const;
  const drawn = drawTrials(search(space), 42);
  expect(drawn).toEqual([0.06598, 0.01664, 0.07243, 0.014, 0.126].map((rate) => ({ rate })));
  expect(drawTrials(search(space), 43)).not.toEqual(drawn);
  expect(drawTrials(search(space, { trials: 9 }), 42).slice(0, 5)).toEqual(drawn);
});

test("a space with fewer combinations than trials is drawn whole, each once", () => {
  const drawn = drawTrials(search({ a: [1, 2], b: [true, false] }, { trials: 50 }), 3);
  expect(new Set(drawn.map((each) => JSON.stringify(each))).size).toBe(4);
  expect(drawn).toHaveLength(4);
});

const range = fc
  .record({
    min: fc.integer({ min: 1, max: 1000 }),
    width: fc.integer({ min: 1, max: 1000 }),
    scale: fc.constantFrom("linear" as const, "log" as const),
    integer: fc.boolean(),
  })
  .map(({ min, width, ...rest }) => ({ min, max: min + width, ...rest }));

test("values of a range lie in it, whole where they must be, and no two trials are alike", () => {
  fc.assert(
    fc.property(range, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (choices, seed) => {
      const values = drawTrials(search({ value: choices }, { trials: 8 }), seed).map(({ value }) => value as number);
      expect(values.every((value) => value >= choices.min && value <= choices.max)).toBe(true);
      if (choices.integer) expect(values.every(Number.isInteger)).toBe(true);
      expect(new Set(values).size).toBe(values.length);
    }),
    { numRuns: 300 },
  );
});

test("on a log scale each decade is as likely as the next", () => {
  const space = { value: { min: 1, max: 100, scale: "log", integer: false } } as const;
  const drawn = drawTrials(search(space, { trials: 1000 }), 1);
  const low = drawn.filter(({ value }) => (value as number) < 10).length;
  expect(low / drawn.length).toBeGreaterThan(0.45);
  expect(low / drawn.length).toBeLessThan(0.55);
});
