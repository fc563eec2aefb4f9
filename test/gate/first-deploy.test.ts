import { describe, expect, test } from "vitest";
import { checkIn, firstEvaluation, judged, metric, slice } from "./builders.ts";

const good = metric("rmse", 28.9, null);

describe("a first deploy is judged against the business threshold", () => {
  test("passes within it", () => {
    const verdict = judged(firstEvaluation([good]));
    expect(verdict).toMatchObject({ outcome: "pass", rule: "first_deploy" });
    expect(verdict.summary).toBe(
      "No production yet, judged against your business threshold: rmse 28.9 (≤ 35) on 369,478 test rows.",
    );
  });

  test("is blocked outside of it", () => {
    const verdict = judged(firstEvaluation([metric("rmse", 41, null)]));
    expect(verdict).toMatchObject({
      outcome: "fail",
      summary: "Blocked: rmse 41 must be at most 35 on 369,478 test rows.",
    });
    expect(verdict.notes).toEqual([
      "rmse 41 is no better than the naive baseline's 40: the model learned nothing that helps.",
    ]);
  });

  test.each([
    ["at the maximum", { rmse: { max: 28.9 } }, "pass"],
    ["just above the maximum", { rmse: { max: 28.899 } }, "fail"],
    ["at the minimum", { rmse: { min: 28.9 } }, "pass"],
    ["below the minimum", { rmse: { min: 29 } }, "fail"],
    ["between both", { rmse: { min: 20, max: 30 } }, "pass"],
    ["a limit of zero is a limit", { rmse: { max: 0 } }, "fail"],
    ["a limit without a bound", { rmse: {} }, "fail"],
    ["a bound that is no number", { rmse: { max: Number.NaN } }, "fail"],
  ] as const)("%s", (_, first_deploy, outcome) => {
    expect(judged(firstEvaluation([good]), { first_deploy }).outcome).toBe(outcome);
  });

  test("the guards of always hold too, the tighter bound when both name a metric", () => {
    const evaluation = firstEvaluation([good, metric("mae", 15, null)]);
    const verdict = judged(evaluation, { always: { mae: { max: 14 }, rmse: { min: 1, max: 36 } } });
    expect(checkIn(verdict, "metric:rmse")).toMatchObject({ outcome: "pass", limit: "≥ 1 and ≤ 35" });
    expect(checkIn(verdict, "metric:mae")).toMatchObject({ outcome: "fail", limit: "≤ 14", found: "15" });
  });

  test("a value that misses its limit by little never reads as the limit", () => {
    const verdict = judged(firstEvaluation([metric("rmse", 35.000001, null)]));
    expect(checkIn(verdict, "metric:rmse")).toMatchObject({ outcome: "fail", found: "35.000001" });
  });

  test.each([
    ["too much", 1.2, "fail"],
    ["too little", -1.2, "fail"],
    ["little", -0.8, "pass"],
  ] as const)("a bias of %s is judged by its size", (_, bias, outcome) => {
    const evaluation = firstEvaluation([good, metric("bias", bias, null)]);
    expect(checkIn(judged(evaluation, { always: { bias: { max: 1 } } }), "metric:bias").outcome).toBe(outcome);
  });

  test("slices wait for a production model, and that is said", () => {
    const rule = { by: "origin", metric: "rmse", max_regression: { relative: 0.1 }, min_rows: 200 };
    const verdict = judged(firstEvaluation([good], { slices: [slice("ATL", 30, null)] }), { slices: [rule] });
    expect(verdict.outcome).toBe("pass");
    expect(verdict.notes).toEqual(["Slices are judged against production, and there is none yet."]);
  });
});

describe("a first deploy without any limit must beat the naive baseline", () => {
  test.each([
    ["better", 39, "pass"],
    ["equal", 40, "fail"],
    ["worse", 41, "fail"],
  ] as const)("%s", (_, rmse, outcome) => {
    const verdict = judged(firstEvaluation([metric("rmse", rmse, null)]), { first_deploy: {} });
    expect(checkIn(verdict, "primary")).toMatchObject({ outcome, limit: "< 40" });
    expect(verdict.outcome).toBe(outcome);
  });

  test("a naive score that is missing fails", () => {
    const verdict = judged(firstEvaluation([{ ...good, naive: null }]), { first_deploy: {} });
    expect(verdict.summary).toBe("Blocked: rmse cannot be compared with the naive baseline's: a number is missing.");
  });
});
