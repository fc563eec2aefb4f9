import { describe, expect, test } from "vitest";
import { evaluateClasses, metricIn, probabilities } from "./builders.ts";

const actual = ["a", "b", "b", "c"];
const candidate = probabilities(
  ["a", "b", "c"],
  [
    [0.5, 0.25, 0.25],
    [0.25, 0.5, 0.25],
    [0.5, 0.25, 0.25],
    [0.125, 0.125, 0.75],
  ],
);

describe("production's classes are matched by name", () => {
  test("the same probabilities in another order score the same", () => {
    const rows = Array.from(
      { length: 60 },
      (_, row) =>
        [
          [0.5, 0.25, 0.25],
          [0.25, 0.5, 0.25],
          [0.125, 0.125, 0.75],
        ][(row * 5) % 3]!,
    );
    const names = rows.map((_, row) => "abc"[((row * row) % 7) % 3]!);
    const ours = probabilities(["a", "b", "c"], rows);
    const reversed = probabilities(
      ["c", "b", "a"],
      rows.map((row) => row.toReversed()),
    );
    for (const metric of evaluateClasses(names, ours, reversed).metrics) {
      expect(metric.candidate).toBeGreaterThan(0);
      expect(metric.production).toBe(metric.candidate);
      expect(metric.difference).toMatchObject({ value: 0, low: 0, high: 0 });
    }
  });

  test("a class that production does not know has probability zero there", () => {
    const older = probabilities(
      ["a", "b"],
      [
        [0.75, 0.25],
        [0.25, 0.75],
        [0.25, 0.75],
        [0.5, 0.5],
      ],
    );
    const evaluation = evaluateClasses(actual, candidate, older);
    expect(metricIn(evaluation, "accuracy")).toMatchObject({ candidate: 0.75, production: 0.75 });
    const logLoss = -(Math.log(0.75) + 2 * Math.log(0.75) + Math.log(Number.EPSILON)) / 4;
    expect(metricIn(evaluation, "log_loss").production).toBeCloseTo(logLoss, 12);
  });

  test("a class that only production knows counts as wrong, and two classes stay binary", () => {
    const two = probabilities(
      ["no", "yes"],
      [
        [0.75, 0.25],
        [0.25, 0.75],
        [0.5, 0.5],
      ],
    );
    const three = probabilities(
      ["maybe", "no", "yes"],
      [
        [0.5, 0.25, 0.25],
        [0, 0.25, 0.75],
        [0, 0.75, 0.25],
      ],
    );
    const evaluation = evaluateClasses(["no", "yes", "no"], two, three);
    expect(metricIn(evaluation, "accuracy")).toMatchObject({ candidate: 1, production: 2 / 3 });
    expect(metricIn(evaluation, "brier").candidate).toBeCloseTo((0.0625 + 0.0625 + 0.25) / 3, 12);
    expect(metricIn(evaluation, "roc_auc")).toMatchObject({ candidate: 1, production: 1 });
  });

  test("a class that only the test rows have costs the candidate", () => {
    const evaluation = evaluateClasses(
      [...actual, "d"],
      probabilities(candidate.classes, [
        [1, 0, 0],
        [0, 1, 0],
        [0, 1, 0],
        [0, 0, 1],
        [0, 0, 1],
      ]),
      null,
    );
    expect(metricIn(evaluation, "accuracy").candidate).toBe(0.8);
    expect(metricIn(evaluation, "log_loss").candidate).toBeCloseTo(-Math.log(Number.EPSILON) / 5, 9);
    expect(metricIn(evaluation, "roc_auc").candidate).toBeCloseTo((1 + 1 + 3.5 / 4 + 0.5) / 4, 12);
  });
});

describe("what is not a probability is not scored", () => {
  test.each([
    [
      "NaN",
      [
        [Number.NaN, 1],
        [0.5, 0.5],
      ],
      "1 of 4 probabilities are NaN or infinite",
    ],
    [
      "a sum of 1.2",
      [
        [0.6, 0.6],
        [0.5, 0.5],
      ],
      "the probabilities of 1 of 2 rows are outside of 0..1 or do not sum to 1",
    ],
    [
      "less than zero",
      [
        [-0.2, 1.2],
        [0.5, 0.5],
      ],
      "the probabilities of 1 of 2 rows are outside of 0..1 or do not sum to 1",
    ],
    ["one row short", [[0.5, 0.5]], "2 probabilities for 2 test rows of 2 classes"],
  ])("%s", (_, rows, problem) => {
    const { metrics } = evaluateClasses(["no", "yes"], probabilities(["no", "yes"], rows), null);
    for (const metric of metrics) expect(metric).toMatchObject({ candidate: null, problem });
  });

  test("numbers for a class", () => {
    const { metrics } = evaluateClasses(["no", "yes"], probabilities([], [[1], [2]]), null, { classes: ["no", "yes"] });
    expect(metrics[0]!.problem).toBe("it predicts numbers, and the target is a class");
  });
});

test("roc_auc of one class is null with its reason, the other metrics are numbers", () => {
  const evaluation = evaluateClasses(
    ["yes", "yes"],
    probabilities(
      ["no", "yes"],
      [
        [0.5, 0.5],
        [0.25, 0.75],
      ],
    ),
    null,
  );
  expect(metricIn(evaluation, "roc_auc")).toMatchObject({
    candidate: null,
    naive: null,
    problem: "roc_auc is not defined: no test row is of class no",
  });
  expect(metricIn(evaluation, "log_loss").candidate).toBeGreaterThan(0);
});

test("the naive baseline predicts the train split's shares", () => {
  const two = probabilities(
    ["no", "yes"],
    [
      [0.75, 0.25],
      [0.25, 0.75],
      [0.5, 0.5],
    ],
  );
  const evaluation = evaluateClasses(["no", "yes", "no"], two, null, { naive: { frequencies: [0.9, 0.1] } });
  expect(metricIn(evaluation, "log_loss").naive).toBeCloseTo(-(2 * Math.log(0.9) + Math.log(0.1)) / 3, 12);
  expect(metricIn(evaluation, "roc_auc").naive).toBe(0.5);
  expect(metricIn(evaluation, "accuracy").naive).toBeCloseTo(2 / 3, 12);
});
