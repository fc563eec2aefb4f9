import { describe, expect, test } from "vitest";
import { planIntervals } from "../../pipelines/evaluation/compare-metric.ts";
import { compareSlices } from "../../pipelines/evaluation/evaluate.ts";
import type { SliceComparison } from "../../pipelines/evaluation/evaluation.ts";
import { regressionMetrics } from "../../pipelines/evaluation/metrics/metrics.ts";
import { drawResamples } from "../../pipelines/evaluation/paired-bootstrap.ts";
import { regressionSides } from "../../pipelines/evaluation/sides.ts";
import { normals, numbers } from "../evaluation/builders.ts";
import { checkIn, evaluation, judged, metric, slice } from "./builders.ts";

const better = metric("rmse", 28, 30);
const tenPercent = { by: "origin", metric: "rmse", max_regression: { relative: 0.1 }, min_rows: 200 };

describe("no slice may get much worse", () => {
  test.each([
    ["better", slice("ATL", 30, 33), tenPercent.max_regression, "pass", "−9.09%"],
    ["a little worse", slice("ATL", 33.9, 33), tenPercent.max_regression, "pass", "+2.73%"],
    ["exactly at the limit", slice("ATL", 1.1, 1), tenPercent.max_regression, "pass", "+10%"],
    ["beyond the limit", slice("ATL", 38, 33), tenPercent.max_regression, "fail", "+15.2%"],
    ["within an absolute limit", slice("ATL", 34, 33), { absolute: 1 }, "pass", "+1"],
    ["beyond an absolute limit", slice("ATL", 34.1, 33), { absolute: 1 }, "fail", "+1.1"],
    ["no regression at all allowed", slice("ATL", 33.01, 33), { relative: 0 }, "fail", "+0.0303%"],
    ["no regression at all, and equal", slice("ATL", 33, 33), { relative: 0 }, "pass", "0%"],
    ["production at zero", slice("ATL", 0.1, 0), { relative: 0.1 }, "fail", "+0.1"],
  ] as const)("%s", (_, compared, max_regression, outcome, found) => {
    const verdict = judged(evaluation([better], { slices: [compared] }), {
      slices: [{ ...tenPercent, max_regression }],
    });
    expect(checkIn(verdict, "slice:origin=ATL")).toMatchObject({ outcome, found });
    expect(verdict.outcome).toBe(outcome);
  });

  test.each([
    ["higher is better and it fell little", 0.79, 0.8, "pass"],
    ["higher is better and it fell much", 0.7, 0.8, "fail"],
    ["a negative score that fell little", -0.105, -0.1, "pass"],
    ["a negative score that fell much", -0.12, -0.1, "fail"],
    ["a negative score that rose", -0.05, -0.1, "pass"],
  ] as const)("%s", (_, candidate, baseline, outcome) => {
    const compared = slice("ATL", candidate, baseline, { metric: "r2", direction: "max" });
    const rule = { ...tenPercent, metric: "r2" };
    const check = checkIn(judged(evaluation([better], { slices: [compared] }), { slices: [rule] }), "slice:origin=ATL");
    expect(check).toMatchObject({ outcome, limit: "≥ −10%" });
  });

  test("the sentence says where, how much, and why it blocks", () => {
    const difference = { value: 5, low: 1, high: 9, confidence: 0.95 };
    const compared = slice("", 38, 33, { difference, rows: 1200 });
    const verdict = judged(evaluation([better], { slices: [compared] }), { slices: [tenPercent] });
    expect(checkIn(verdict, "slice:origin=")).toMatchObject({
      outcome: "fail",
      reason: "On origin=(empty) (1,200 test rows) rmse 38 against production's 33 is +15.2%, and the limit is ≤ +10%.",
    });
  });
});

describe("what chance explains does not block", () => {
  const uncertain = { value: 5, low: 0.5, high: 9.5, confidence: 0.95 };
  const others = Array.from({ length: 19 }, (_, at) =>
    slice(`S${at}`, 33, 33, { difference: { ...uncertain, value: 0 } }),
  );

  test("one slice alone that is worse beyond noise blocks", () => {
    const slices = [slice("ATL", 38, 33, { difference: uncertain })];
    const verdict = judged(evaluation([better], { slices }), { slices: [tenPercent] });
    expect(checkIn(verdict, "slice:origin=ATL").outcome).toBe("fail");
  });

  test("the same slice among twenty does not, and the reason says so", () => {
    const slices = [slice("ATL", 38, 33, { difference: uncertain }), ...others];
    const verdict = judged(evaluation([better], { slices }), { slices: [tenPercent] });
    expect(verdict.outcome).toBe("pass");
    expect(checkIn(verdict, "slice:origin=ATL")).toMatchObject({
      outcome: "pass",
      found: "+15.2%",
      reason:
        "On origin=ATL (500 test rows) rmse 38 against production's 33 is +15.2%, and the limit is ≤ +10%; that is within noise, of 20 slices considered together (95% interval +0.5 … +9.5).",
    });
  });

  test("a slice without an interval blocks: nothing says that it is chance", () => {
    const slices = [slice("ATL", 38, 33, { difference: null }), ...others];
    expect(judged(evaluation([better], { slices }), { slices: [tenPercent] }).outcome).toBe("fail");
  });

  test("a slice that two rules judge counts once", () => {
    const slices = [slice("ATL", 38, 33, { difference: uncertain })];
    const rules = Array.from({ length: 20 }, () => tenPercent);
    expect(judged(evaluation([better], { slices }), { slices: rules }).outcome).toBe("fail");
  });
});

/** Rows of 20 slices; the candidate's rmse on slice 0 is `factor` times production's. */
function simulated(seed: number, rows: number, factor: number): SliceComparison[] {
  const normal = normals(seed);
  const actual = Float64Array.from({ length: rows * 20 }, () => normal());
  const production = Float32Array.from(actual, () => Math.SQRT1_2 * normal());
  const own = (row: number) => Math.sqrt((row % 20 === 0 ? factor ** 2 : 1) * 1.5 - 1);
  const candidate = Float32Array.from(actual, (_, row) => own(row) * normal());
  const sides = regressionSides(actual, numbers(candidate), numbers(production), 0);
  const column = {
    codes: Int32Array.from(actual, (_, row) => row % 20),
    levels: Array.from({ length: 20 }, (_, at) => `S${at}`),
  };
  const plan = { ...planIntervals(actual.length, 0, 0.95, seed), resamples: drawResamples(seed, 300) };
  return compareSlices(sides, regressionMetrics, [{ ...tenPercent, min_rows: 30 }], new Map([["origin", column]]), plan)
    .slices;
}

function blocked(seed: number, rows: number, factor: number): boolean {
  const slices = simulated(seed, rows, factor);
  return judged(evaluation([better], { slices }), { slices: [{ ...tenPercent, min_rows: 30 }] }).outcome === "fail";
}

test("equally good models with 20 slices of 200 rows are seldom blocked, though some slice exceeds its limit in half of them", () => {
  const seeds = Array.from({ length: 80 }, (_, at) => at + 1);
  const exceeded = seeds.filter((seed) =>
    simulated(seed, 200, 1).some(({ candidate, production }) => candidate! > 1.1 * production!),
  );
  expect(exceeded.length).toBeGreaterThan(25);
  expect(exceeded.filter((seed) => blocked(seed, 200, 1)).length).toBeLessThan(10);
});

test("a regression of 20% in one slice of 1,000 rows is found", () => {
  const seeds = Array.from({ length: 10 }, (_, at) => at + 1);
  expect(seeds.filter((seed) => blocked(seed, 1000, 1.2)).length).toBeGreaterThan(8);
});

describe("a rule that judged nothing fails and says so", () => {
  test.each([
    ["no slices", []],
    ["only small ones", [slice("ATL", 30, 33, { rows: 199 })]],
    ["only of another column", [slice("ATL", 30, 33, { by: "destination" })]],
    ["only of another metric", [slice("ATL", 30, 33, { metric: "mae" })]],
  ])("%s", (_, slices) => {
    const verdict = judged(evaluation([better], { slices }), { slices: [tenPercent] });
    expect(verdict).toMatchObject({
      outcome: "fail",
      summary: "Blocked: The rule on rmse by origin judged nothing: no value of origin has 200 test rows.",
    });
    expect(checkIn(verdict, "slice:origin=*").outcome).toBe("fail");
  });

  test("a slice without a score fails with its reason", () => {
    const compared = slice("ATL", null, null, { problem: "no test row is of class yes" });
    const verdict = judged(evaluation([better], { slices: [compared] }), { slices: [tenPercent] });
    expect(verdict.summary).toBe("Blocked: rmse cannot be compared on origin=ATL (no test row is of class yes).");
  });
});
