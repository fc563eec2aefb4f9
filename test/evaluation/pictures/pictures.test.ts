import { expect, test } from "vitest";
import { type Calibration, readSeries, seriesOf } from "../../../pipelines/evaluation/pictures/pictures.ts";
import { evaluateClasses, evaluateNumbers, normals, probabilities } from "../builders.ts";

const normal = normals(3);
const actual = Array.from({ length: 4_000 }, () => 10 * normal());
const near = actual.map((value) => value + normal());
const nearer = actual.map((value) => value + 0.5 * normal());

function total(series: readonly string[]): number {
  return series.flatMap(readSeries).reduce((sum, each) => sum + each, 0);
}

test("a regression: every judged row is in each density, on axes that both models share", () => {
  const { pictures } = evaluateNumbers(actual, nearer, near);
  const { candidate, production, values } = pictures!.regression!;
  for (const side of [candidate, production!]) {
    expect(total(side.density)).toBe(4_000);
    expect(total([side.residuals])).toBe(4_000);
    expect(total(side.spread)).toBe(4_000);
    expect(total([side.calibration.rows])).toBe(4_000);
  }
  const middle = candidate.density.map((row) => readSeries(row).indexOf(Math.max(...readSeries(row))));
  expect(middle.every((at, bin) => Math.abs(at - bin) <= 1)).toBe(true); // predicted lies where actual does
  expect(values.to).toBeGreaterThan(values.from);
});

test("the intervals of calibration hold what was predicted when that is right", () => {
  const right = evaluateNumbers(actual, actual, null).pictures!.regression!.candidate.calibration;
  expect(inside(right)).toBe(10);
  const shifted = evaluateNumbers(
    actual,
    actual.map((value) => value + 5),
    null,
  ).pictures!.regression!;
  expect(inside(shifted.candidate.calibration)).toBe(0);
  expect(shifted.production).toBeNull();
});

function inside(calibration: Calibration): number {
  const [low, high] = [readSeries(calibration.low), readSeries(calibration.high)];
  return readSeries(calibration.predicted).filter((each, at) => low[at]! <= each && each <= high[at]!).length;
}

test("the resampled differences of the primary metric lie about the difference", () => {
  const { pictures, metrics } = evaluateNumbers(actual, nearer, near);
  const { metric, replicates, axis, counts } = pictures!.resampled!;
  expect([metric, replicates]).toEqual(["rmse", 1000]);
  expect(total([counts])).toBe(1000);
  const { value } = metrics[0]!.difference!;
  expect(axis.from).toBeLessThan(value);
  expect(axis.to).toBeGreaterThan(value);
  expect(evaluateNumbers(actual, nearer, null).pictures!.resampled).toBeUndefined();
});

test("two classes: the curves have the areas that the metrics say, and confusion has every row", () => {
  const truth = actual.map((value) => (value > 5 ? "yes" : "no"));
  const scores = near.map((value) => 1 / (1 + Math.exp(-(value - 5) / 4)));
  const given = probabilities(
    ["no", "yes"],
    scores.map((score) => [1 - score, score]),
  );
  const evaluation = evaluateClasses(truth, given, null);
  const { candidate, classes } = evaluation.pictures!.classification!;
  const [curve] = candidate.curves;
  expect(classes).toEqual(["no", "yes"]);
  expect(total(candidate.confusion)).toBe(4_000);
  const area = trapezoid(readSeries(curve!.false_positive), readSeries(curve!.true_positive));
  expect(area).toBeCloseTo(evaluation.metrics.find(({ metric }) => metric === "roc_auc")!.candidate!, 2);
  const under = trapezoid(readSeries(curve!.recall), readSeries(curve!.precision));
  expect(under).toBeCloseTo(evaluation.metrics.find(({ metric }) => metric === "pr_auc")!.candidate!, 1);
  expect(readSeries(curve!.true_positive).length).toBeLessThanOrEqual(41);
});

function trapezoid(x: readonly number[], y: readonly number[]): number {
  return x.slice(1).reduce((sum, each, at) => sum + ((each - x[at]!) * (y[at]! + y[at + 1]!)) / 2, 0);
}

test("of twenty-five classes the twenty most frequent are shown, and curves of four", () => {
  const names = Array.from({ length: 25 }, (_, at) => `c${String(at).padStart(2, "0")}`);
  const truth = Array.from({ length: 1_000 }, (_, row) => names[Math.floor(Math.sqrt(row * 0.62))]!);
  const rows = truth.map((name) => names.map((each) => (each === name ? 0.52 : 0.02)));
  const { classes, candidate } = evaluateClasses(truth, probabilities(names, rows), null).pictures!.classification!;
  expect(classes.length).toBe(20);
  expect(classes).toContain("c24");
  expect(candidate.curves.map((curve) => curve.class)).toEqual(["c21", "c22", "c23", "c24"]);
});

test("pictures stay small, whatever the rows", () => {
  const { pictures } = evaluateNumbers(actual, nearer, near);
  expect(JSON.stringify(pictures, null, 2).length).toBeLessThan(12_000);
});

test("a series is read back as it was written, to four digits, and what is no number is left out", () => {
  expect(readSeries(seriesOf([0, 12, 123456, 0.123456, -3e-7]))).toEqual([0, 12, 123456, 0.1235, -3e-7]);
  expect(readSeries("1 <b> NaN 2")).toEqual([1, 2]);
  expect(readSeries(["1"])).toEqual([]);
});
