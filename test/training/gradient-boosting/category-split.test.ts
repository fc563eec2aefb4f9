import { expect, test } from "vitest";
import { ABSENT, orderBins } from "../../../pipelines/training/gradient-boosting/category-split.ts";

const units = { countWeight: 2 ** 20, gradientScale: 1, hessianScale: 1 };

/** Cells of [rows, gradient] by bin. */
function cellsOf(bins: readonly (readonly [number, number])[]) {
  const cells = Float64Array.from(bins, ([rows, gradient]) => rows * units.countWeight + gradient);
  const sum = (index: 0 | 1) => bins.reduce((total, bin) => total + bin[index], 0);
  return { cells, node: { rows: sum(0), gradient: sum(1), hessian: sum(0) } };
}

test.each([
  [
    "by mean gradient",
    [
      [10, 50],
      [10, -20],
      [20, 0],
    ],
    { minRows: 1, smoothing: 0 },
    [2, 0, 1],
  ],
  [
    "equals in the order of their codes",
    [
      [5, 10],
      [5, 10],
      [5, 0],
    ],
    { minRows: 1, smoothing: 0 },
    [1, 2, 0],
  ],
  [
    "a bin without rows has no position",
    [
      [10, 50],
      [0, 0],
      [10, 0],
    ],
    { minRows: 1, smoothing: 0 },
    [1, ABSENT, 0],
  ],
  [
    "rare bins share a position",
    [
      [10, 50],
      [1, 99],
      [10, -50],
      [1, -99],
    ],
    { minRows: 2, smoothing: 0 },
    [2, 1, 0, 1],
  ],
  [
    "smoothing draws few rows to the node's mean",
    [
      [100, 200],
      [2, 9],
      [100, -209],
    ],
    { minRows: 1, smoothing: 10 },
    [2, 1, 0],
  ],
] as const)("orders bins: %s", (_title, bins, rules, positions) => {
  const { cells, node } = cellsOf(bins);
  expect([...orderBins(cells, 1, node, units, rules).positions]).toEqual(positions);
});

test("the ordered cells hold the sums of their bins, hessians too", () => {
  const { node } = cellsOf([
    [3, 6],
    [1, -9],
    [1, 3],
  ]);
  const cells = Float64Array.of(3 * 2 ** 20 + 6, 30, 2 ** 20 - 9, 10, 2 ** 20 + 3, 10);
  const order = orderBins(cells, 2, { ...node, hessian: 50 }, units, { minRows: 2, smoothing: 0 });
  expect([...order.positions]).toEqual([1, 0, 0]);
  expect([...order.cells]).toEqual([2 * 2 ** 20 - 6, 20, 3 * 2 ** 20 + 6, 30]);
});
