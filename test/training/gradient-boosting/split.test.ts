import fc from "fast-check";
import { expect, test } from "vitest";
import { columnViews, histogramLayout } from "../../../pipelines/training/gradient-boosting/histogram.ts";
import { nodeSums } from "../../../pipelines/training/gradient-boosting/node-sums.ts";
import { bestSplit, leafValue, type SplitRules } from "../../../pipelines/training/gradient-boosting/split.ts";

const BINS = 5;
const units = { countWeight: 2 ** 30, gradientScale: 16, hessianScale: 16 };

interface Row {
  /** Bin code; BINS is missing. */
  code: number;
  gradient: number;
  hessian: number;
}

const rows = fc.array(
  fc.record({
    code: fc.integer({ min: 0, max: BINS }),
    gradient: fc.integer({ min: -40, max: 40 }),
    hessian: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 1, maxLength: 40 },
);

const rules: SplitRules = { minRows: 3, l1: 0.5, l2: 1, smoothing: 0 };

function search(rowsOfNode: readonly Row[], isCategory: boolean, channels: 1 | 2, noise = 0, by = rules) {
  const layout = histogramLayout([{ bins: BINS, categories: isCategory ? {} : null }], channels);
  const histogram = new Float64Array(layout.cells * channels);
  for (const { code, gradient, hessian } of rowsOfNode) {
    histogram[code * channels]! += units.countWeight + gradient * units.gradientScale;
    if (channels === 2) histogram[code * channels + 1]! += hessian * units.hessianScale;
  }
  const views = columnViews(histogram, layout);
  const node = nodeSums(views[0]!, channels, units);
  return bestSplit(node, views, { columns: Int32Array.of(0), layout, units, rules: by, noise });
}

function objective(side: readonly Row[], channels: 1 | 2, { l1, l2 }: SplitRules): number {
  const gradient = side.reduce((sum, row) => sum + row.gradient, 0);
  const hessian = side.reduce((sum, row) => sum + (channels === 1 ? 1 : row.hessian), 0);
  return Math.max(Math.abs(gradient) - l1, 0) ** 2 / (hessian + l2);
}

/** The largest gain over all ways to send codes left, found by trying them. */
function bestGain(
  all: readonly Row[],
  ways: readonly ((code: number) => boolean)[],
  channels: 1 | 2,
  by = rules,
): number {
  const gains = ways.map((goesLeft) => {
    const left = all.filter(({ code }) => goesLeft(code));
    const right = all.filter(({ code }) => !goesLeft(code));
    if (left.length < rules.minRows || right.length < rules.minRows) return 0;
    return objective(left, channels, by) + objective(right, channels, by) - objective(all, channels, by);
  });
  return Math.max(0, ...gains);
}

const cuts = [0, 1, 2, 3, 4].flatMap((cut) =>
  [true, false].map((missingLeft) => (code: number) => (code === BINS ? missingLeft : code <= cut)),
);

test.each([1, 2] as const)("the best cut of a number is the one that trying all finds (%i channels)", (channels) => {
  fc.assert(
    fc.property(rows, (all) => {
      const found = search(all, false, channels);
      const expected = bestGain(all, cuts, channels);
      expect(found?.gain ?? 0).toBeCloseTo(expected, 6);
      if (!found) return;
      const left = all.filter(({ code }) => found.sides[code] === 1);
      expect(found.left.rows).toBe(left.length);
      expect(found.left.gradient).toBe(left.reduce((sum, row) => sum + row.gradient, 0));
      expect(found.right.rows).toBe(all.length - left.length);
    }),
  );
});

test("the best cut of a category is the best of all subsets", () => {
  const subsets = Array.from({ length: 2 ** BINS }, (_, bits) => (code: number) => ((bits >> code) & 1) === 1);
  // Fisher's theorem holds without penalties, and where no bin is rare.
  const plain: SplitRules = { ...rules, l1: 0, l2: 0 };
  const full = fc.array(fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 3, maxLength: 6 }), {
    minLength: 2,
    maxLength: BINS,
  });
  fc.assert(
    fc.property(full, (gradients) => {
      const all = gradients.flatMap((bin, code) => bin.map((gradient) => ({ code, gradient, hessian: 1 })));
      const found = search(all, true, 1, 0, plain)?.gain ?? 0;
      expect(found).toBeCloseTo(bestGain(all, subsets, 1, plain), 5);
    }),
  );
});

test("a category's gain must exceed what choosing a set gains by chance; a number's need not", () => {
  const all = [-2, 2, -1, 1, 0].flatMap((gradient, code) => [1, 2, 3].map(() => ({ code, gradient, hessian: 1 })));
  expect(search(all, true, 1)).not.toBeNull();
  expect(search(all, true, 1, 100)).toBeNull();
  const steps = all.map((row) => ({ ...row, gradient: row.code }));
  expect(search(steps, false, 1, 100)).not.toBeNull();
});

test.each([
  ["missing values that the node does not have go with the larger child", [0, 0, 0, 4, 4, 4, 4], [1, 0]],
  ["missing values that are like the left go left", [0, 0, 0, 5, 5, 5, 4, 4, 4, 4], [1, 1]],
])("%s", (_title, codes, [left, missing]) => {
  const all = codes.map((code) => ({ code, gradient: code === 4 ? 9 : -9, hessian: 1 }));
  const found = search(all, false, 1)!;
  expect([found.sides[0], found.sides[BINS]]).toEqual([left, missing]);
});

test("equal gradients have no split", () => {
  expect(
    search(
      [0, 0, 0, 1, 1, 1].map((code) => ({ code, gradient: 7, hessian: 1 })),
      false,
      1,
    ),
  ).toBeNull();
});

test("a leaf's value is shrunk by l1 and l2, and 0 without any hessian", () => {
  expect(leafValue({ rows: 3, gradient: -8.5, hessian: 3 }, rules)).toBe(2);
  expect(leafValue({ rows: 3, gradient: 0.4, hessian: 3 }, rules)).toBeCloseTo(0, 12);
  expect(leafValue({ rows: 0, gradient: 0, hessian: 0 }, { ...rules, l2: 0 })).toBe(0);
});
