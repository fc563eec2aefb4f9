import { describe, expect, test } from "vitest";
import type { RetrainRule } from "../../pipelines/config/model-config.ts";
import { checkIn, evaluation, judged, metric } from "./builders.ts";

function mode(mode: RetrainRule["mode"], margin: RetrainRule["margin"] = null): { retrain: RetrainRule } {
  return { retrain: { mode, margin, confidence: 0.95 } };
}

const equal = metric("rmse", 29.61, 29.61, 0);

describe("point: strictly better than production on the same rows", () => {
  test.each([
    ["clearly better", metric("rmse", 28, 29.61), "pass"],
    ["better within noise", metric("rmse", 29.58, 29.61), "pass"],
    ["exactly equal", equal, "fail"],
    ["worse within noise", metric("rmse", 29.65, 29.61), "fail"],
    ["clearly worse", metric("rmse", 30.02, 29.61), "fail"],
    ["higher where higher is better", metric("roc_auc", 0.81, 0.8, 0.001, "max"), "pass"],
    ["lower where higher is better", metric("roc_auc", 0.79, 0.8, 0.001, "max"), "fail"],
    ["a negative r2 that rises", metric("r2", -0.1, -0.2, 0.01, "max"), "pass"],
    ["a bias of smaller size and other sign", metric("bias", -0.5, 0.9), "pass"],
    ["a bias of larger size and other sign", metric("bias", -0.95, 0.9), "fail"],
  ] as const)("%s", (_, primary, outcome) => {
    expect(judged(evaluation([primary]), { primary: primary.metric }).outcome).toBe(outcome);
  });

  test("the sentence of a regression has both scores, the version, the rows and the interval", () => {
    const verdict = judged(evaluation([metric("rmse", 30.02, 29.61, 0.08)]));
    expect(verdict.summary).toBe(
      "Blocked: rmse 30.02 must be below production's 29.61 (v2) on the same 369,478 test rows (95% interval +0.33 … +0.49).",
    );
    expect(checkIn(verdict, "primary")).toMatchObject({ limit: "< 29.61", found: "30.02" });
  });

  test("an improvement within noise says so, and what would settle it", () => {
    const verdict = judged(evaluation([metric("rmse", 29.58, 29.61, 0.05)]));
    expect(verdict.summary).toContain("rmse 29.58 is better than production's 29.61 (v2)");
    expect(verdict.notes).toEqual([
      "The difference of rmse is within noise: its 95% interval −0.08 … +0.02 includes zero; about 3× the test rows would settle a difference this size.",
    ]);
  });

  test("scores that differ late are told apart", () => {
    const verdict = judged(evaluation([metric("rmse", 29.61001, 29.61, 0.05)]));
    expect(verdict.summary).toContain("rmse 29.61001 must be below production's 29.61 (v2)");
  });

  test("an exactly equal model says so", () => {
    expect(judged(evaluation([equal])).summary).toMatch(/must be below .* and it is exactly equal\.$/);
  });

  test.each(["point", "superior", "non-inferior"] as const)("%s: the same model file is named as such", (each) => {
    const verdict = judged(evaluation([equal], { model: "sha256:production" }), mode(each, { absolute: 0.1 }));
    expect(verdict.notes).toEqual([
      "The candidate is the same model file as production v2: deploying it would change nothing.",
    ]);
  });
});

describe("superior: the whole interval on the good side", () => {
  test.each([
    ["clearly better", metric("rmse", 28, 29.61), "pass"],
    ["better within noise", metric("rmse", 29.58, 29.61), "inconclusive"],
    ["better, the interval touching zero", metric("rmse", 1, 1.5, 0.5), "inconclusive"],
    ["worse within noise", metric("rmse", 29.65, 29.61), "inconclusive"],
    ["exactly equal", equal, "fail"],
    ["clearly worse", metric("rmse", 30.02, 29.61), "fail"],
    ["clearly higher where higher is better", metric("roc_auc", 0.82, 0.8, 0.01, "max"), "pass"],
    ["clearly lower where higher is better", metric("roc_auc", 0.78, 0.8, 0.01, "max"), "fail"],
  ] as const)("%s", (_, primary, outcome) => {
    expect(judged(evaluation([primary]), { primary: primary.metric, ...mode("superior") }).outcome).toBe(outcome);
  });

  test("an inconclusive verdict says what would settle it", () => {
    const verdict = judged(evaluation([metric("rmse", 29.58, 29.61, 0.05)]), mode("superior"));
    expect(verdict.summary).toMatch(
      /^Inconclusive: rmse 29.58 against .* the 95% interval −0.08 … \+0.02 includes zero\.$/,
    );
    expect(verdict.notes[0]).toContain("about 3× the test rows would settle a difference this size");
  });

  test("a difference of almost nothing is not promised to be settled", () => {
    const verdict = judged(evaluation([metric("rmse", 29.6099, 29.61, 0.05)]), mode("superior"));
    expect(verdict.notes[0]).toContain("no realistic number of test rows would settle a difference this small");
  });
});

describe("non-inferior: the whole interval within the margin", () => {
  const absolute = { absolute: 0.5 };
  test.each([
    ["better", metric("rmse", 29, 30), absolute, "pass"],
    ["a little worse", metric("rmse", 30.3, 30), absolute, "pass"],
    ["exactly at the margin", metric("rmse", 30.25, 30, 0.25), absolute, "pass"],
    ["straddling the margin", metric("rmse", 30.45, 30), absolute, "inconclusive"],
    ["straddling from above", metric("rmse", 30.55, 30), absolute, "inconclusive"],
    ["worse than the margin", metric("rmse", 30.7, 30), absolute, "fail"],
    ["within 2%", metric("rmse", 30.3, 30), { relative: 0.02 }, "pass"],
    ["beyond 1%", metric("rmse", 30.6, 30), { relative: 0.01 }, "fail"],
    ["a margin of zero and equal", equal, { relative: 0 }, "pass"],
    ["a margin of zero and worse", metric("rmse", 30.2, 30), { relative: 0 }, "fail"],
    ["a margin of zero and within noise", metric("rmse", 30.05, 30), { absolute: 0 }, "inconclusive"],
    [
      "a negative score within its relative margin",
      metric("r2", -0.105, -0.1, 0.001, "max"),
      { relative: 0.1 },
      "pass",
    ],
    ["a negative score beyond its relative margin", metric("r2", -0.12, -0.1, 0.001, "max"), { relative: 0.1 }, "fail"],
    ["no margin at all", metric("rmse", 29, 30), null, "fail"],
    ["a margin that is no number", metric("rmse", 29, 30), { absolute: Number.NaN }, "fail"],
  ] as const)("%s", (_, primary, margin, outcome) => {
    const verdict = judged(evaluation([primary]), { primary: primary.metric, ...mode("non-inferior", margin) });
    expect(verdict.outcome).toBe(outcome);
  });

  test("an inconclusive verdict names the margin and what would settle it", () => {
    const verdict = judged(evaluation([metric("rmse", 29.7, 29.61, 0.3)]), mode("non-inferior", { relative: 0.01 }));
    expect(verdict.summary).toContain("the 95% interval −0.21 … +0.39 straddles the margin of 1%");
    expect(verdict.notes[0]).toContain("includes the margin of +0.296; about 2.5× the test rows");
  });
});

test("an unknown mode fails", () => {
  const verdict = judged(evaluation([metric("rmse", 28, 30)]), mode("lenient" as "point"));
  expect(verdict.summary).toBe("Blocked: lenient is not a retrain mode.");
});

test("guards hold beside the comparison", () => {
  const verdict = judged(evaluation([metric("rmse", 28, 30), metric("mae", 19, 20)]), { always: { mae: { max: 18 } } });
  expect(verdict).toMatchObject({
    outcome: "fail",
    summary: "Blocked: mae 19 must be at most 18 on 369,478 test rows.",
  });
});

test("the first reason is told and the others are counted", () => {
  const verdict = judged(evaluation([metric("rmse", 31, 30), metric("mae", 19, 20)]), { always: { mae: { max: 18 } } });
  expect(verdict.summary).toMatch(/^Blocked: rmse 31 must be below .*; 1 more check fails\.$/);
});
