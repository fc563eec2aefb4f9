import { describe, expect, it } from "vitest";
import { compareUnpaired, planIntervals } from "../../pipelines/evaluation/compare-metric.ts";
import { regressionMetrics } from "../../pipelines/evaluation/metrics/metrics.ts";
import { regressionSides } from "../../pipelines/evaluation/sides.ts";
import { type Random, seededRandom } from "../../pipelines/statistics/random.ts";

const mae = regressionMetrics.find(({ name }) => name === "mae")!;

/** Errors whose size is exponential with a mean, so that mae has a known spread. */
function ownRows(rows: number, mean: number, random: Random) {
  const errors = Float32Array.from({ length: rows }, () => -mean * Math.log(1 - random() / 2 ** 32));
  const { candidate: side } = regressionSides(new Float64Array(rows), { rows, classes: [], values: errors }, null, 0);
  return { side, rows, errors };
}

function moments(values: Float32Array): { mean: number; variance: number } {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  return { mean, variance: values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (values.length - 1) };
}

describe("the interval of a difference on different rows", () => {
  it.each([
    [3000, 300],
    [5000, 5000],
    [400, 200],
  ])("is Welch's for means of %i and %i rows", (many, few) => {
    const random = seededRandom(11);
    const [ours, theirs] = [ownRows(few, 1.2, random), ownRows(many, 1, random)];
    const { candidate, production, difference } = compareUnpaired(
      mae,
      ours,
      theirs,
      planIntervals(many + few, 0, 0.95, 3),
    );
    const [a, b] = [moments(ours.errors), moments(theirs.errors)];
    expect(candidate).toBeCloseTo(a.mean, 6);
    expect(production).toBeCloseTo(b.mean, 6);
    const reach = 1.96 * Math.sqrt(a.variance / few + b.variance / many);
    expect(difference?.value).toBeCloseTo(a.mean - b.mean, 6);
    // 1,000 resamples fix the ends to some per cent of the width.
    expect((difference!.high - difference!.low) / (2 * reach)).toBeGreaterThan(0.85);
    expect((difference!.high - difference!.low) / (2 * reach)).toBeLessThan(1.15);
  });

  it("has the truth in it as often as it says", { timeout: 60_000 }, () => {
    const random = seededRandom(5);
    const runs = 150;
    let covered = 0;
    for (let run = 0; run < runs; run++) {
      const [ours, theirs] = [ownRows(60, 1.5, random), ownRows(200, 1, random)];
      const { difference } = compareUnpaired(mae, ours, theirs, planIntervals(260, 0, 0.9, run));
      if (difference && difference.low <= 0.5 && difference.high >= 0.5) covered += 1;
    }
    // 90% ± 4 standard errors of 150 runs.
    expect(covered / runs).toBeGreaterThan(0.9 - 4 * Math.sqrt(0.09 / runs));
    expect(covered / runs).toBeLessThan(1);
  });

  it("is the same whenever it is drawn, and says why there is none", () => {
    const [ours, theirs] = [ownRows(50, 1, seededRandom(1)), ownRows(70, 1, seededRandom(2))];
    const plan = () => planIntervals(120, 0, 0.95, 9);
    expect(compareUnpaired(mae, ours, theirs, plan())).toEqual(compareUnpaired(mae, ours, theirs, plan()));
    const broken = { side: { problem: "2 of 70 predictions are NaN or infinite" }, rows: 70 };
    expect(compareUnpaired(mae, ours, broken, plan())).toMatchObject({
      production: null,
      difference: null,
      problem: "production: 2 of 70 predictions are NaN or infinite",
    });
  });
});
