import { describe, expect, test } from "vitest";
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

  test("the sentence says where, how much, and that it is noise", () => {
    const difference = { value: 5, low: -1, high: 9, confidence: 0.95 };
    const compared = slice("", 38, 33, { difference, rows: 1200 });
    const check = checkIn(
      judged(evaluation([better], { slices: [compared] }), { slices: [tenPercent] }),
      "slice:origin=",
    );
    expect(check.reason).toBe(
      "On origin=(empty) (1,200 test rows) rmse 38 against production's 33 is +15.2%, and the limit is ≤ +10%; the difference is within noise (95% interval −1 … +9).",
    );
  });
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
