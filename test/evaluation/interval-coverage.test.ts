import { describe, expect, test } from "vitest";
import { randomCells } from "../../pipelines/evaluation/cells.ts";
import { compareMetric } from "../../pipelines/evaluation/compare-metric.ts";
import type { Difference } from "../../pipelines/evaluation/evaluation.ts";
import { bias } from "../../pipelines/evaluation/metrics/bias.ts";
import { mae } from "../../pipelines/evaluation/metrics/mae.ts";
import { medae } from "../../pipelines/evaluation/metrics/medae.ts";
import type { Formula } from "../../pipelines/evaluation/metrics/metric.ts";
import { rmse } from "../../pipelines/evaluation/metrics/rmse.ts";
import { rocAuc } from "../../pipelines/evaluation/metrics/roc-auc.ts";
import { drawResamples } from "../../pipelines/evaluation/paired-bootstrap.ts";
import type { ScoredClassification, ScoredRegression } from "../../pipelines/evaluation/scored.ts";
import { seededRandom } from "../../pipelines/statistics/random.ts";
import { normals, uniform } from "./builders.ts";

/** Only messages tell a metric by its name. */
const named = <Scored>(formula: Formula<Scored>) => ({ ...formula, name: "rmse", direction: "min" }) as const;

const replicates = 300;

/** The share of 300 intervals whose true coverage is 94.5% has a standard deviation of 1.3%; the seeds are fixed. */
function expectNominal(share: number): void {
  expect(share).toBeGreaterThan(0.905);
  expect(share).toBeLessThan(0.98);
}

function coverage<Scored extends { rows: number }>(
  metric: Formula<Scored>,
  truth: number,
  cellLimit: number,
  draw: (seed: number) => [Scored, Scored],
  simulations = 300,
): number {
  let covered = 0;
  for (let seed = 1; seed <= simulations; seed++) {
    const [candidate, production] = draw(seed);
    const cells = randomCells(candidate.rows, cellLimit, seededRandom(seed));
    const plan = {
      confidence: 0.95,
      seed,
      resamples: drawResamples(seed, replicates),
      rowReplicates: replicates,
      cells: 0,
      sliceCells: 0,
    };
    const { difference } = compareMetric(named(metric), { scored: candidate }, { scored: production }, cells, plan);
    if (covers(difference!, truth)) covered += 1;
  }
  return covered / simulations;
}

function covers({ low, high }: Difference, truth: number): boolean {
  return low <= truth && truth <= high;
}

/** Errors of both models share what is hard about a row: variances 1.25 and 1.36. */
function errors(rows: number): (seed: number) => [ScoredRegression, ScoredRegression] {
  return (seed) => {
    const normal = normals(seed);
    const actual = new Float64Array(rows);
    const shared = actual.map(() => normal());
    const candidate = shared.map((value) => value + 0.5 * normal());
    const production = shared.map((value) => value + 0.6 * normal());
    return [
      { rows, actual, predicted: candidate },
      { rows, actual, predicted: production },
    ];
  };
}

const [ours, theirs] = [Math.sqrt(1.25), Math.sqrt(1.36)];
const medianOfHalfNormal = 0.6744897501960817;

describe("a 95% interval holds the true difference in about 95 of 100 test sets", () => {
  test.each([
    ["rmse, each row drawn", rmse, ours - theirs, 400, 2000],
    ["rmse, cells of 8 rows drawn", rmse, ours - theirs, 2000, 250],
    ["mae, cells of 8 rows drawn", mae, Math.sqrt(2 / Math.PI) * (ours - theirs), 2000, 250],
    ["medae, each row drawn", medae, medianOfHalfNormal * (ours - theirs), 400, 2000],
    ["medae, cells of 8 rows drawn", medae, medianOfHalfNormal * (ours - theirs), 2000, 250],
  ] as const)("%s", (_, metric, truth, rows, cells) => {
    expectNominal(coverage(metric, truth, cells, errors(rows)));
  });

  test("the signed bias, cells of 8 rows drawn", () => {
    const signed = { ...bias, judged: (value: number) => value };
    expectNominal(coverage(signed, 0, 250, errors(2000)));
  });

  test("roc_auc, cells of 4 rows drawn", () => {
    // Φ(1/√2) − Φ(0.9/√2) for scores 1 and 0.9 standard deviations apart.
    expectNominal(coverage(rocAuc, 0.02250938, 250, labelled(1000)));
  });
});

function labelled(rows: number): (seed: number) => [ScoredClassification, ScoredClassification] {
  return (seed) => {
    const normal = normals(seed);
    const random = seededRandom(seed, 1);
    const actual = Int32Array.from({ length: rows }, () => (uniform(random) < 0.3 ? 1 : 0));
    const shared = Float64Array.from(actual, () => normal());
    const side = (distance: number): ScoredClassification => {
      const probabilities = new Float64Array(2 * rows);
      for (let row = 0; row < rows; row++) {
        const score = distance * actual[row]! + 0.8 * shared[row]! + 0.6 * normal();
        probabilities[2 * row + 1] = 1 / (1 + Math.exp(-score));
      }
      return { rows, actual, classes: ["no", "yes"], judged: 2, probabilities, top: new Int32Array(rows) };
    };
    return [side(1), side(0.9)];
  };
}

test("100 rows with heavy tails, each row drawn: at least 94 of 100", () => {
  const draw = (seed: number): [ScoredRegression, ScoredRegression] => {
    const normal = normals(seed);
    const heavy = () => normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3);
    const actual = Float64Array.from({ length: 100 }, heavy);
    const side = (spread: number) => ({ rows: 100, actual, predicted: actual.map(() => spread * normal()) });
    return [side(0.4), side(0.5)];
  };
  // Student's t with 3 degrees of freedom has variance 3.
  expect(coverage(rmse, Math.sqrt(3.16) - Math.sqrt(3.25), 2000, draw, 1000)).toBeGreaterThan(0.94);
});

test("pairing makes intervals narrower than those of two separate test sets", () => {
  const [candidate, production] = errors(400)(1);
  const width = (other: ScoredRegression) => {
    const plan = {
      confidence: 0.95,
      seed: 1,
      resamples: drawResamples(1, replicates),
      rowReplicates: replicates,
      cells: 0,
      sliceCells: 0,
    };
    const cells = randomCells(400, 2000, seededRandom(1));
    const { low, high } = compareMetric(named(rmse), { scored: candidate }, { scored: other }, cells, plan).difference!;
    return high - low;
  };
  expect(width(production)).toBeLessThan(
    0.8 * width({ ...production, predicted: production.predicted.slice().reverse() }),
  );
});
