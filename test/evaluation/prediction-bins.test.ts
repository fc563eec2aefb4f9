import { expect, test } from "vitest";
import { evaluateClasses, evaluateNumbers, probabilities } from "./builders.ts";

test("deciles by predicted value, the lowest first, cover every row", () => {
  const predicted = Array.from({ length: 25 }, (_, row) => (row * 7) % 25);
  const actual = predicted.map((value) => 2 * value);
  const { bins } = evaluateNumbers(actual, predicted, null);
  expect(bins.map(({ label }) => label)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
  expect(bins.reduce((sum, { rows }) => sum + rows, 0)).toBe(25);
  expect(bins[0]).toEqual({ label: "1", rows: 3, predicted: 1, actual: 2 });
  expect(bins[9]!.predicted).toBeGreaterThan(bins[8]!.predicted);
});

test("equal predictions stay in one decile", () => {
  const { bins } = evaluateNumbers([1, 2, 3, 4, 5, 6], [7, 7, 7, 7, 7, 7], null);
  expect(bins).toEqual([{ label: "1", rows: 6, predicted: 7, actual: 3.5 }]);
});

test("two classes: calibration of the last class, empty bins left out", () => {
  const rows = [0.125, 0.125, 0.875, 1].map((yes) => [1 - yes, yes]);
  const { bins } = evaluateClasses(["no", "yes", "yes", "yes"], probabilities(["no", "yes"], rows), null);
  expect(bins).toEqual([
    { label: "0.1–0.2", rows: 2, predicted: 0.125, actual: 0.5 },
    { label: "0.8–0.9", rows: 1, predicted: 0.875, actual: 1 },
    { label: "0.9–1", rows: 1, predicted: 1, actual: 1 },
  ]);
});

test("more classes: calibration of the most probable one", () => {
  const rows = [
    [0.5, 0.25, 0.25],
    [0.25, 0.5, 0.25],
    [0.125, 0.125, 0.75],
  ];
  const { bins } = evaluateClasses(["a", "c", "c"], probabilities(["a", "b", "c"], rows), null, {
    classes: ["a", "b", "c"],
  });
  expect(bins).toEqual([
    { label: "0.5–0.6", rows: 2, predicted: 0.5, actual: 0.5 },
    { label: "0.7–0.8", rows: 1, predicted: 0.75, actual: 1 },
  ]);
});
