import { describe, expect, test } from "vitest";
import type { RetrainRule } from "../../pipelines/config/model-config.ts";
import type { Evaluation } from "../../pipelines/evaluation/evaluation.ts";
import { judge } from "../../pipelines/gate/judge.ts";
import { checkIn, context, evaluation, firstEvaluation, judged, metric, production, thresholds } from "./builders.ts";

const better = metric("rmse", 28, 30);
const failed = { state: "failed", version: 2, model: "sha256:production", reason: "sha256 does not match" } as const;
const retrain = (mode: RetrainRule["mode"]): RetrainRule => ({ mode, margin: { absolute: 5 }, confidence: 0.95 });

describe("a number that is missing fails and is named", () => {
  const cases: [string, Evaluation, string][] = [
    [
      "the candidate's, with its reason",
      evaluation([{ ...metric("rmse", null, 30), problem: "3 of 10 predictions are NaN or infinite" }]),
      "The candidate's rmse is missing (3 of 10 predictions are NaN or infinite).",
    ],
    [
      "NaN",
      evaluation([{ ...better, candidate: Number.NaN }]),
      "The candidate's rmse is missing (it is not a number).",
    ],
    [
      "infinite",
      evaluation([{ ...better, candidate: Number.NEGATIVE_INFINITY }]),
      "The candidate's rmse is missing (it is not a number).",
    ],
    ["production's", evaluation([metric("rmse", 28, null)]), "The production's rmse is missing (it is not a number)."],
    ["the whole metric", evaluation([metric("mae", 1, 2)]), "rmse was not computed."],
    ["every row", evaluation([better], { rows: 0 }), "The test set is empty."],
    [
      "the baseline",
      evaluation([metric("rmse", 28, null)], { baseline: failed }),
      "Production v2 could not be scored (sha256 does not match), so there is nothing to compare with.",
    ],
    [
      "on a first deploy",
      firstEvaluation([metric("rmse", null, null)]),
      "The candidate's rmse is missing (it is not a number).",
    ],
  ];

  test.each(cases)("%s", (_, evaluated, reason) => {
    for (const mode of ["point", "superior", "non-inferior"] as const) {
      const verdict = judged(evaluated, { retrain: retrain(mode) });
      expect(verdict.outcome).toBe("fail");
      expect(checkIn(verdict, "evaluation")).toMatchObject({ outcome: "fail", reason });
    }
  });

  test("that of a guard", () => {
    const verdict = judged(evaluation([better, metric("mae", null, 2)]), {
      always: { mae: { max: 18 }, r2: { min: 0 } },
    });
    expect(checkIn(verdict, "evaluation").reason).toBe(
      "The candidate's mae is missing (it is not a number). r2 was not computed.",
    );
    expect(checkIn(verdict, "metric:r2")).toMatchObject({ outcome: "fail", found: "missing" });
  });

  test("one that no rule needs does not fail", () => {
    expect(judged(evaluation([better, { ...metric("r2", null, null), problem: "constant" }])).outcome).toBe("pass");
  });
});

describe("an interval that is missing or of another confidence", () => {
  test.each(["superior", "non-inferior"] as const)("%s fails without one", (mode) => {
    const verdict = judged(evaluation([{ ...better, difference: null, problem: "one row" }]), {
      retrain: retrain(mode),
    });
    expect(checkIn(verdict, "evaluation").reason).toBe("The interval of rmse is missing (one row).");
    expect(checkIn(verdict, "primary").outcome).toBe("fail");
  });

  test("point does not need one", () => {
    expect(judged(evaluation([{ ...better, difference: null }])).outcome).toBe("pass");
  });

  test("superior fails with an interval of 95% where 99% is asked for", () => {
    const verdict = judged(evaluation([better]), { retrain: { ...retrain("superior"), confidence: 0.99 } });
    expect(verdict.summary).toBe("Blocked: The interval of rmse has 95% confidence, and the rule asks for 99%.");
  });

  test("superior does not believe an interval that its own point contradicts", () => {
    const worse = { ...metric("rmse", 31, 30), difference: { value: -1, low: -2, high: -0.5, confidence: 0.95 } };
    expect(judged(evaluation([worse]), { retrain: retrain("superior") }).outcome).toBe("inconclusive");
  });
});

describe("an evaluation of something else", () => {
  const evaluated = evaluation([better]);
  const { binds } = context(evaluated);
  test.each([
    ["another model file", { candidate_model: "sha256:other" }, "The evaluation is of another model file."],
    ["other test rows", { test_fingerprint: "fp:other" }, "The evaluation is on other test rows."],
    ["another production", { baseline_version: 3 }, "The evaluation compares with another production version."],
    [
      "no production",
      { baseline_version: null, baseline_model: null },
      "The evaluation compares with another production version.",
    ],
  ])("%s", (_, change, reason) => {
    const verdict = judge(evaluated, thresholds(), context(evaluated, { binds: { ...binds, ...change } }));
    expect(verdict).toMatchObject({ outcome: "fail", summary: `Blocked: ${reason}` });
  });
});

describe("no baseline is not a failed baseline", () => {
  test("an empty registry is a first deploy", () => {
    expect(judged(firstEvaluation([better]))).toMatchObject({ rule: "first_deploy", outcome: "pass" });
  });

  test("a production that does not load never falls back to the business threshold", () => {
    const verdict = judged(evaluation([metric("rmse", 1, null)], { baseline: failed }));
    expect(verdict).toMatchObject({ rule: "retrain", outcome: "fail" });
  });
});

describe("the signature", () => {
  const withClasses = { ...production, classes: ["a", "b"] };
  test.each([
    ["a removed feature", { features: [{ name: "origin", kind: "category" }] }, "feature distance was removed"],
    [
      "a changed kind",
      {
        features: [
          { name: "distance", kind: "category" },
          { name: "origin", kind: "category" },
        ],
      },
      "feature distance changed from number to category",
    ],
    ["a dropped class", { baseline: withClasses, classes: ["a"] }, "class b was dropped"],
  ] as const)("%s fails unless it is allowed", (_, change, found) => {
    const evaluated = evaluation([better], change);
    expect(checkIn(judged(evaluated), "signature")).toMatchObject({ outcome: "fail", found });
    const allowed = judged(evaluated, { allow_breaking: true });
    expect(checkIn(allowed, "signature")).toMatchObject({ outcome: "pass", found });
    expect(allowed.outcome).toBe("pass");
  });

  test("added features and classes are fine, and noted", () => {
    const features = [...production.features, { name: "hour", kind: "number" }] as const;
    const verdict = judged(evaluation([better], { features, baseline: withClasses, classes: ["a", "b", "c"] }));
    expect(verdict.outcome).toBe("pass");
    expect(verdict.notes).toEqual([
      "New since production v2: feature hour.",
      "New since production v2: class c; probabilities have more columns.",
    ]);
  });
});

describe("data checks", () => {
  const check = { check: "distance between [0, 6000]", found: "12 of 53,940 rows, e.g. -3", failing_rows: 12 };
  test("a failed one blocks", () => {
    const verdict = judged(evaluation([better]), {}, [{ ...check, severity: "block", passed: false }]);
    expect(verdict.summary).toBe(
      'Blocked: The data check "distance between [0, 6000]" failed: 12 of 53,940 rows, e.g. -3.',
    );
    expect(checkIn(verdict, "data:distance between [0, 6000]").outcome).toBe("fail");
  });

  test("a warning is a note", () => {
    const verdict = judged(evaluation([better]), {}, [{ ...check, severity: "warn", passed: false }]);
    expect(verdict.outcome).toBe("pass");
    expect(verdict.notes).toEqual([
      "Data warning: distance between [0, 6000] does not hold (12 of 53,940 rows, e.g. -3).",
    ]);
  });

  test("passed ones are counted", () => {
    const verdict = judged(evaluation([better]), {}, [{ ...check, severity: "block", passed: true }]);
    expect(checkIn(verdict, "data")).toMatchObject({ outcome: "pass", found: "1 of 1" });
  });
});
