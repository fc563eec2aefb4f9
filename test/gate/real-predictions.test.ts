import { describe, expect, test } from "vitest";
import type { RetrainRule } from "../../pipelines/config/model-config.ts";
import { evaluateClasses, evaluateNumbers, normals, probabilities } from "../evaluation/builders.ts";
import { checkIn, judged } from "./builders.ts";

const rows = 2000;
const normal = normals(11);
const actual = Array.from({ length: rows }, () => 20 * normal());
const model = (noise: number) => actual.map((value) => value + noise * normal());
const inProduction = model(10);

/** A little nearer to the truth than production on average, but not by more than its own noise. */
const byNoise = inProduction.map((value, row) => value + 0.0015 * (actual[row]! - value) + 0.3 * normal());

const rules: readonly (readonly [string, RetrainRule])[] = [
  ["point", { mode: "point", margin: null, confidence: 0.95 }],
  ["superior", { mode: "superior", margin: null, confidence: 0.95 }],
  ["non-inferior by 2%", { mode: "non-inferior", margin: { relative: 0.02 }, confidence: 0.95 }],
  ["non-inferior by nothing", { mode: "non-inferior", margin: { absolute: 0 }, confidence: 0.95 }],
];

/** Outcomes in the order of `rules`. */
const candidates = [
  ["exactly equal", inProduction, ["fail", "fail", "pass", "pass"]],
  ["better by noise", byNoise, ["pass", "inconclusive", "pass", "inconclusive"]],
  ["clearly better", model(8), ["pass", "pass", "pass", "pass"]],
  ["clearly worse", model(13), ["fail", "fail", "fail", "fail"]],
  ["a constant", actual.map(() => 0), ["fail", "fail", "fail", "fail"]],
  [
    "NaN in one row",
    inProduction.map((value, row) => (row === 7 ? Number.NaN : value)),
    ["fail", "fail", "fail", "fail"],
  ],
] as const;

describe.each(candidates)("a regression that is %s", (_, predictions, outcomes) => {
  const evaluation = evaluateNumbers(actual, predictions, inProduction);
  test.each(rules.map(([title, rule], at) => [title, rule, outcomes[at]!] as const))("%s", (_, retrain, outcome) => {
    expect(judged(evaluation, { retrain }).outcome).toBe(outcome);
  });
});

describe("a classifier against production", () => {
  const names = actual.map((value) => (value > 15 ? "yes" : "no"));
  const classifier = (noise: number) =>
    probabilities(
      ["no", "yes"],
      actual.map((value) => {
        const yes = 1 / (1 + Math.exp(-(value - 15 + noise * normal()) / 8));
        return [1 - yes, yes];
      }),
    );
  const baseline = classifier(10);

  test.each([
    ["log_loss", "better", 5, "pass"],
    ["log_loss", "worse", 25, "fail"],
    ["roc_auc", "better", 5, "pass"],
    ["roc_auc", "worse", 25, "fail"],
    ["pr_auc", "better", 5, "pass"],
    ["f1", "worse", 25, "fail"],
  ])("%s, %s", (primary, _, noise, outcome) => {
    const evaluation = evaluateClasses(names, classifier(noise), baseline, { primary });
    for (const [, retrain] of rules) expect(judged(evaluation, { primary, retrain }).outcome).toBe(outcome);
  });

  test("test rows of one class do not define roc_auc, and the gate says so", () => {
    const evaluation = evaluateClasses(
      names.map(() => "no"),
      classifier(5),
      baseline,
      { primary: "roc_auc" },
    );
    expect(checkIn(judged(evaluation, { primary: "roc_auc" }), "evaluation").reason).toContain(
      "roc_auc is not defined: no test row is of class yes",
    );
  });
});

test("an empty test set is blocked", () => {
  expect(judged(evaluateNumbers([], [], [])).summary).toMatch(
    /^Blocked: The test set is empty\. The candidate's rmse is missing/,
  );
});
