import { expect, test } from "vitest";
import { orderCategories } from "../../../pipelines/training/gradient-boosting/encode-columns.ts";

const codes = Int32Array.of(0, 0, 1, 1, 2, 2, 4);
const levels = ["", "a", "b", "never", "once"];
const values = Float64Array.of(5, 5, 9, 9, 1, 1, 7);

test("levels are ranked by their mean, and one without rows has no rank", () => {
  const order = orderCategories(codes, levels, values, { smoothing: 0, minRows: 1 });
  expect([...order.ranks]).toEqual([1, 3, 0, Number.NaN, 2]);
  expect([...order.counts]).toEqual([2, 2, 1, 2]);
  expect(order.unseen).toBeNaN();
});

test("levels with few rows share a rank, which unseen ones take; null keeps its own", () => {
  const order = orderCategories(codes, levels, values, { smoothing: 0, minRows: 3 });
  // The mean of a, b and once is 27 / 5 > 5, that of null.
  expect([...order.ranks]).toEqual([0, 1, 1, Number.NaN, 1]);
  expect([...order.counts]).toEqual([2, 5]);
  expect(order.unseen).toBe(1);
});

test("smoothing draws levels with few rows to the overall mean", () => {
  const many = Int32Array.of(0, 0, 0, 0, 0, 0, 1, 2);
  const targets = Float64Array.of(6, 6, 6, 6, 6, 6, 8, 0);
  const rank = (smoothing: number) => [
    ...orderCategories(many, ["a", "b", "c"], targets, { smoothing, minRows: 1 }).ranks,
  ];
  expect(rank(0)).toEqual([1, 2, 0]);
  expect(rank(100)).toEqual([2, 1, 0]);
});
