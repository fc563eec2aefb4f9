import { expect, test } from "vitest";
import { validationCount } from "../../../pipelines/candidate/search/trial-worker.ts";
import { scoreMetric } from "../../../pipelines/evaluation/compare-metric.ts";
import { shuffledRows, takeRows } from "../../../pipelines/evaluation/table-rows.ts";
import { categories, classification, numbers, regression } from "../../training/tables.ts";

test("every row once, the same for the same seed", () => {
  const order = shuffledRows(1000, 5);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, row) => row));
  expect(shuffledRows(1000, 5)).toEqual(order);
  expect(shuffledRows(1000, 6)).not.toEqual(order);
});

test.each([
  [1000, 0.2, 200],
  [10, 0.01, 1],
  [10, 0.9, 8],
])("of %i rows, a share of %d keeps %i", (rows, share, kept) => {
  expect(validationCount(rows, share)).toBe(kept);
});

test("too few rows to choose on are the user's error", () => {
  expect(() => validationCount(9, 0.2)).toThrow("the train split has 9 rows; a search needs at least 10");
});

test("taken rows keep the table's order and only the levels they have", () => {
  const features = [numbers("x", [0, 1, 2, 3]), categories("k", ["c", "a", "b", "c"])];
  const { rows, features: taken, target } = takeRows(regression(features, [5, 6, 7, 8]), Int32Array.of(3, 1));
  expect(rows).toBe(2);
  expect(taken).toEqual([numbers("x", [1, 3]), categories("k", ["a", "c"])]);
  expect(target).toEqual({ task: "regression", values: Float64Array.of(6, 8) });
});

test("taken rows keep all classes, in their places", () => {
  const { target } = takeRows(classification([numbers("x", [0, 1, 2])], ["a", "b", "c"]), Int32Array.of(2));
  expect(target).toEqual({ task: "classification", codes: Int32Array.of(2), classes: ["a", "b", "c"] });
});

test.each<[title: string, metric: string, predicted: number[], found: object]>([
  ["a number", "mae", [1, 4], { score: 1 }],
  [
    "no number where a prediction is none",
    "rmse",
    [1, Number.NaN],
    { score: null, problem: "1 of 2 predictions are NaN or infinite" },
  ],
  ["no number for too few predictions", "rmse", [1], { score: null, problem: "1 predictions for 2 test rows" }],
])("a metric is %s", (_title, metric, predicted, found) => {
  const { target } = regression([], [1, 2]);
  const predictions = { rows: predicted.length, classes: [], values: Float32Array.from(predicted) };
  expect(scoreMetric(metric, target, predictions)).toEqual(found);
});

test("an area without rows of one class says so", () => {
  const target = { task: "classification" as const, codes: Int32Array.of(0, 0), classes: ["a", "b"] };
  const predictions = { rows: 2, classes: ["a", "b"], values: Float32Array.of(0.5, 0.5, 0.5, 0.5) };
  expect(scoreMetric("roc_auc", target, predictions)).toEqual({
    score: null,
    problem: "roc_auc is not defined: no test row is of class b",
  });
});
