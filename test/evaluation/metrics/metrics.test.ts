import { describe, expect, test } from "vitest";
import { everyCellOnce, oneCell, randomCells } from "../../../pipelines/evaluation/cells.ts";
import { mape } from "../../../pipelines/evaluation/metrics/mape.ts";
import { medae } from "../../../pipelines/evaluation/metrics/medae.ts";
import type { Formula } from "../../../pipelines/evaluation/metrics/metric.ts";
import { classificationMetrics, regressionMetrics } from "../../../pipelines/evaluation/metrics/metrics.ts";
import { prAuc } from "../../../pipelines/evaluation/metrics/pr-auc.ts";
import { r2 } from "../../../pipelines/evaluation/metrics/r2.ts";
import { rocAuc } from "../../../pipelines/evaluation/metrics/roc-auc.ts";
import type { ScoredClassification, ScoredRegression } from "../../../pipelines/evaluation/scored.ts";
import { classificationSides } from "../../../pipelines/evaluation/sides.ts";
import { seededRandom } from "../../../pipelines/statistics/random.ts";
import { classificationVectors, regressionVectors } from "./scikit-learn-vectors.ts";

function regression(actual: readonly number[], predicted: readonly number[]): ScoredRegression {
  const scores = Float64Array.from(Float32Array.from(predicted));
  return { rows: actual.length, actual: Float64Array.from(actual), predicted: scores };
}

function classification(actual: readonly number[], classes: number, values: readonly number[]): ScoredClassification {
  const names = Array.from({ length: classes }, (_, each) => `c${each}`);
  const target = { task: "classification" as const, codes: Int32Array.from(actual), classes: names };
  const predictions = { rows: actual.length, classes: names, values: Float32Array.from(values) };
  const { candidate } = classificationSides(target, names, predictions, null, []);
  if ("problem" in candidate) throw new Error(candidate.problem);
  return candidate.scored;
}

/** Each row a cell of its own, weighted. */
function score<Scored extends { rows: number }>(
  metric: Formula<Scored>,
  scored: Scored,
  weights?: readonly number[] | null,
): number {
  const each = Uint16Array.from(weights ?? new Array(scored.rows).fill(1));
  const rows = each.reduce((sum, weight) => sum + weight, 0);
  return metric.prepare(scored, randomCells(scored.rows, scored.rows, seededRandom(1)))(each, rows);
}

function expectClose(found: number, expected: number): void {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
}

describe.each(regressionVectors)("scikit-learn's regression metrics, $title", ({ expected, ...vector }) => {
  const defined = regressionMetrics.filter((metric) => expected[metric.name] !== null);
  test.each(defined)("$name", (metric) => {
    expect(expected, "no vector yet: write_vectors.py makes it").toHaveProperty(metric.name);
    expectClose(score(metric, regression(vector.actual, vector.predicted), vector.weights), expected[metric.name]!);
  });
});

describe.each(classificationVectors)("scikit-learn's classification metrics, $title", ({ expected, ...vector }) => {
  test.each(classificationMetrics)("$name", (metric) => {
    expect(expected, "no vector yet: write_vectors.py makes it").toHaveProperty(metric.name);
    const scored = classification(vector.actual, vector.classes, vector.probabilities);
    expectClose(score(metric, scored, vector.weights), expected[metric.name]!);
  });
});

describe("mape of targets that are (near) zero", () => {
  const { actual, predicted } = regressionVectors.find(({ title }) => title === "targets of zero")!;

  test.each([
    ["zeros", actual, "not meaningful: 2 targets are (near) zero"],
    ["what rounding leaves of a zero", [1e-17, 0.25, 4, 3, 7], "not meaningful: 1 target is (near) zero"],
    ["only zeros", [0, 0, 0, 0, 0], "not meaningful: 5 targets are (near) zero"],
    ["small targets", [1e-4, 0.25, 4, 3, 7], null],
    ["tiny targets, all of them", [1e-17, 2e-17, 4e-17, 3e-17, 7e-17], null],
  ])("%s", (_, targets, problem) => {
    expect(mape.undefinedBecause!(regression(targets, predicted))).toBe(problem);
  });
});

describe("cells", () => {
  const random = seededRandom(3);
  const uniform = () => random() / 2 ** 32;
  const actual = Array.from({ length: 5000 }, () => Math.round(100 * uniform()) - 50.5);
  const scored = regression(
    actual,
    actual.map((value) => value * uniform()),
  );
  const classes = actual.map((value) => (value > 40 ? 2 : value > 0 ? 1 : 0));
  const labelled = classification(
    classes,
    3,
    classes.flatMap((code) => {
      const p = [uniform(), uniform(), uniform()].map(
        (noise, at) => Math.round(9 * (noise + (at === code ? 1 : 0))) + 1,
      );
      const sum = p[0]! + p[1]! + p[2]!;
      return p.map((share) => share / sum);
    }),
  );

  test.each(regressionMetrics)("$name of weighted cells is that of the rows repeated", (metric) => {
    expectRepeatable(metric, scored, (rows) => regression(pick(scored.actual, rows), pick(scored.predicted, rows)));
  });

  test.each(classificationMetrics)("$name of weighted cells is that of the rows repeated", (metric) => {
    expectRepeatable(metric, labelled, (rows) =>
      classification(
        pick(classes, rows),
        3,
        rows.flatMap((row) => [...labelled.probabilities.slice(3 * row, 3 * row + 3)]),
      ),
    );
  });

  function expectRepeatable<Scored extends { rows: number }>(
    metric: Formula<Scored>,
    all: Scored,
    take: (rows: number[]) => Scored,
  ) {
    const cells = randomCells(all.rows, 40, seededRandom(5));
    const weights = Uint16Array.from({ length: 40 }, (_, cell) => (cell * 7) % 4);
    const repeated = [...cells.of].flatMap((cell, row) => new Array<number>(weights[cell]!).fill(row));
    expectClose(metric.prepare(all, cells)(weights, repeated.length), score(metric, take(repeated)));
  }

  test("medae finds a median far from the middle ranks", () => {
    const errors = Array.from({ length: 20_000 }, (_, row) => row);
    const zeros = errors.map(() => 0);
    const cells = {
      count: 2,
      of: Uint16Array.from(errors, (row) => (row < 19_000 ? 0 : 1)),
      sizes: Float64Array.of(19_000, 1000),
    };
    const weighted = medae.prepare(regression(zeros, errors), cells);
    expect(weighted(Uint16Array.of(0, 3), 3000)).toBe(19_499.5);
    expect(weighted(everyCellOnce(cells), 20_000)).toBe(9999.5);
  });
});

function pick(values: ArrayLike<number>, rows: readonly number[]): number[] {
  return rows.map((row) => values[row]!);
}

describe("edges", () => {
  test("r2 of a constant target is 0 even where its mean is not exact (scikit-learn gives -8.65e31)", () => {
    expect(score(r2, regression([0.1, 0.1, 0.1], [0.1, 0.2, 0.3]))).toBe(0);
  });

  test("r2 of one row is not defined", () => {
    expect(r2.undefinedBecause?.(regression([1], [1]))).toBe("r2 needs at least two test rows");
  });

  test("roc_auc names the class that has no row", () => {
    const ones = classification([1, 1], 2, [0.5, 0.5, 0.25, 0.75]);
    expect(rocAuc.undefinedBecause?.(ones)).toBe("roc_auc is not defined: no test row is of class c0");
    expect(prAuc.undefinedBecause?.(ones)).toBeNull();
    expect(score(prAuc, ones)).toBe(1);
  });

  test("pr_auc names the class that has no row", () => {
    const zeros = classification([0, 0], 2, [0.5, 0.5, 0.25, 0.75]);
    expect(prAuc.undefinedBecause?.(zeros)).toBe("pr_auc is not defined: no test row is of class c1");
  });

  test.each(regressionMetrics)("$name gives NaN, not a number, when no row counts", (metric) => {
    const scored = regression([1, 2], [1, 2]);
    expect(metric.prepare(scored, oneCell(2))(Uint16Array.of(0), 0)).toBeNaN();
  });

  test.each(classificationMetrics)("$name gives NaN, not a number, when no row counts", (metric) => {
    const scored = classification([0, 1], 2, [0.5, 0.5, 0.25, 0.75]);
    expect(metric.prepare(scored, oneCell(2))(Uint16Array.of(0), 0)).toBeNaN();
  });
});
