import { describe, expect, test } from "vitest";
import { metricDirections, metricNames } from "../../pipelines/config/metric-names.ts";
import { classificationMetrics, regressionMetrics } from "../../pipelines/evaluation/metrics/metrics.ts";
import {
  evaluateClasses,
  evaluateNumbers,
  metricIn,
  normals,
  numbers,
  probabilities,
  scoredBaseline,
  sliceRule,
} from "./builders.ts";

const normal = normals(1);
const actual = Array.from({ length: 300 }, () => 10 * normal());
const close = actual.map((value) => value + normal());
const closer = actual.map((value) => value + 0.5 * normal());

describe("the table of metrics", () => {
  test.each([
    ["regression", regressionMetrics, metricNames.regression],
    ["classification", classificationMetrics, metricNames.classification],
  ] as const)("%s has every name that model.yaml knows, pointing the same way", (_, metrics, names) => {
    expect(metrics.map(({ name }) => name)).toEqual(names);
    for (const { name, direction } of metrics) expect(direction).toBe(metricDirections[name as "rmse"]);
  });
});

describe("candidate against production", () => {
  test("puts the primary metric first and keeps the order of the others", () => {
    const { metrics } = evaluateNumbers(actual, closer, close, { primary: "mae" });
    expect(metrics.map(({ metric }) => metric)).toEqual([
      "mae",
      ...metricNames.regression.filter((name) => name !== "mae"),
    ]);
  });

  test("scores both and the naive baseline on the same rows", () => {
    const evaluation = evaluateNumbers([1, 2, 3, 4], [1, 2, 3, 6], [2, 3, 4, 5], { naive: { mean: 2 } });
    expect(metricIn(evaluation, "rmse")).toMatchObject({ candidate: 1, production: 1, naive: Math.sqrt(1.5) });
    expect(metricIn(evaluation, "mae")).toMatchObject({ candidate: 0.5, production: 1, naive: 1 });
    expect(metricIn(evaluation, "mae").difference).toMatchObject({ value: -0.5, confidence: 0.95 });
  });

  test("a clear difference has an interval on one side of zero", () => {
    const { difference } = metricIn(evaluateNumbers(actual, closer, close), "rmse");
    expect(difference!.high).toBeLessThan(0);
    expect(difference!.low).toBeLessThan(difference!.value);
  });

  test("the same input gives the same evaluation, another seed other intervals", () => {
    const once = evaluateNumbers(actual, closer, close);
    expect(evaluateNumbers(actual, closer, close)).toEqual(once);
    expect(evaluateNumbers(actual, closer, close, { seed: 43 }).metrics[0]!.difference).not.toEqual(
      once.metrics[0]!.difference,
    );
  });

  test("a higher confidence has a wider interval", () => {
    const [ninety, ninetyNine] = [0.9, 0.99].map((confidence) => {
      const { low, high } = evaluateNumbers(actual, closer, close, { confidence }).metrics[0]!.difference!;
      return high - low;
    });
    expect(ninetyNine!).toBeGreaterThan(ninety!);
  });

  test("a bias is shown with its sign and compared by its size", () => {
    const evaluation = evaluateNumbers([0, 0, 0, 0], [-3, -1, -2, -2], [1, 1, 1, 1]);
    expect(metricIn(evaluation, "bias")).toMatchObject({ candidate: -2, production: 1, difference: { value: 1 } });
  });

  test("without production there is no difference and no problem", () => {
    const evaluation = evaluateNumbers(actual, closer, null);
    for (const metric of evaluation.metrics) {
      expect(metric).toMatchObject({ production: null, difference: null });
      expect(metric.problem).toBeUndefined();
    }
  });

  test("holds nothing that JSON cannot", () => {
    const evaluation = evaluateNumbers(actual, closer, close);
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
  });

  test("an unknown primary metric names the known ones", () => {
    expect(() => evaluateNumbers(actual, closer, close, { primary: "f1" })).toThrow(
      "There is no metric f1 for this task",
    );
  });
});

describe("identical predictions differ by exactly nothing", () => {
  test.each([300, 5000])("regression on %i rows", (rows) => {
    const targets = Array.from({ length: rows }, () => normal());
    const predictions = targets.map((value) => value + normal());
    const { metrics, slices } = evaluateNumbers(targets, predictions, predictions, {
      sliceRules: [sliceRule({ metric: "medae" })],
      groups: new Map([["origin", { codes: new Int32Array(rows), levels: ["ATL"] }]]),
    });
    for (const { difference } of [...metrics, ...slices])
      expect(difference).toEqual({ value: 0, low: 0, high: 0, confidence: 0.95 });
  });

  test("classification", () => {
    const names = actual.map((value) => (value > 5 ? "high" : value > 0 ? "low" : "none"));
    const rows = names.map(() => {
      const shares = [1 + Math.abs(normal()), 1 + Math.abs(normal()), 1 + Math.abs(normal())];
      const sum = shares.reduce((total, share) => total + share, 0);
      return shares.map((share) => share / sum);
    });
    const same = probabilities(["high", "low", "none"], rows);
    for (const { difference } of evaluateClasses(names, same, same).metrics) {
      expect(difference).toEqual({ value: 0, low: 0, high: 0, confidence: 0.95 });
    }
  });
});

describe("what cannot be scored is null with its reason", () => {
  test("an empty test set", () => {
    const { metrics, rows, bins } = evaluateNumbers([], [], []);
    expect(rows).toBe(0);
    expect(bins).toEqual([]);
    for (const metric of metrics) {
      expect(metric).toMatchObject({
        naive: null,
        candidate: null,
        production: null,
        problem: "there are no test rows",
      });
    }
  });

  test.each([
    ["NaN", Number.NaN],
    ["infinite", Number.POSITIVE_INFINITY],
  ])("a candidate with a prediction that is %s", (_, bad) => {
    const { metrics, bins } = evaluateNumbers([1, 2, 3], [1, bad, 3], [1, 2, 4]);
    expect(bins).toEqual([]);
    for (const metric of metrics) {
      expect(metric).toMatchObject({
        candidate: null,
        difference: null,
        problem: "1 of 3 predictions are NaN or infinite",
      });
      expect(metric.production).not.toBeNull();
    }
  });

  test("a production model with a NaN", () => {
    const { metrics } = evaluateNumbers([1, 2, 3], [1, 2, 3], [1, Number.NaN, 3]);
    expect(metrics[0]).toMatchObject({ candidate: 0, production: null, difference: null });
    expect(metrics[0]!.problem).toBe("production: 1 of 3 predictions are NaN or infinite");
  });

  test("a baseline said to be scored, without predictions", () => {
    const { metrics } = evaluateNumbers([1, 2], [1, 2], null, { baseline: scoredBaseline });
    expect(metrics[0]!.problem).toBe("production: 0 predictions for 2 test rows");
  });

  test("a baseline that failed is not compared", () => {
    const baseline = { state: "failed", version: 2, model: "m", reason: "broken" } as const;
    const { metrics } = evaluateNumbers([1, 2], [1, 2], null, { baseline, production: numbers([1, 2]) });
    expect(metrics[0]).toMatchObject({ production: null, difference: null });
  });

  test("a model of classes for a number", () => {
    const { metrics } = evaluateNumbers([1, 2], [1, 2], null, {
      candidate: probabilities(
        ["a", "b"],
        [
          [1, 0],
          [0, 1],
        ],
      ),
    });
    expect(metrics[0]!.problem).toBe("it predicts classes, and the target is a number");
  });

  test("r2 of one row, which has no interval either", () => {
    const { metrics } = evaluateNumbers([1], [1], [2]);
    expect(metrics.map(({ metric, problem }) => [metric, problem])).toContainEqual([
      "r2",
      "r2 needs at least two test rows",
    ]);
    expect(metrics[0]).toMatchObject({
      candidate: 0,
      difference: null,
      problem: "an interval needs at least two test rows",
    });
  });
});

describe("slices", () => {
  const codes = Int32Array.from(actual, (_, row) => (row < 200 ? 0 : row < 299 ? 1 : 2));
  const groups = new Map([["origin", { codes, levels: ["ATL", "BOS", "CMH", "unused"] }]]);

  test("scores each value with enough rows and counts the smaller ones", () => {
    const { slices, small_slices } = evaluateNumbers(actual, closer, close, { sliceRules: [sliceRule()], groups });
    expect(slices.map(({ value, rows }) => [value, rows])).toEqual([
      ["ATL", 200],
      ["BOS", 99],
    ]);
    expect(small_slices).toBe(1);
    const alone = evaluateNumbers(actual.slice(0, 200), closer.slice(0, 200), close.slice(0, 200));
    expect(slices[0]!.candidate).toBeCloseTo(metricIn(alone, "rmse").candidate!, 12);
    expect(slices[0]!.difference!.high).toBeLessThan(0);
  });

  test("a rule on a column that is not there names it", () => {
    expect(() =>
      evaluateNumbers(actual, closer, close, { sliceRules: [sliceRule({ by: "carrier" })], groups }),
    ).toThrow("There is no column carrier to slice by");
  });

  test("a rule on an unknown metric names it", () => {
    expect(() => evaluateNumbers(actual, closer, close, { sliceRules: [sliceRule({ metric: "f1" })], groups })).toThrow(
      "There is no metric f1 to judge slices by",
    );
  });

  test("two rules on one column and metric share their slices", () => {
    const rules = [sliceRule({ min_rows: 150 }), sliceRule({ min_rows: 50 })];
    const { slices, small_slices } = evaluateNumbers(actual, closer, close, { sliceRules: rules, groups });
    expect(slices.map(({ value }) => value)).toEqual(["ATL", "BOS"]);
    expect(small_slices).toBe(1);
  });

  test("a slice that does not define the metric says why", () => {
    const both = probabilities(
      ["no", "yes"],
      actual.map((_, row) => (row % 2 ? [0.5, 0.5] : [0.25, 0.75])),
    );
    const names = actual.map((_, row) => (row < 200 && row % 3 ? "yes" : "no"));
    const { slices } = evaluateClasses(names, both, both, { sliceRules: [sliceRule({ metric: "roc_auc" })], groups });
    expect(slices[1]).toMatchObject({
      value: "BOS",
      candidate: null,
      problem: "roc_auc is not defined: no test row is of class yes",
    });
  });
});
