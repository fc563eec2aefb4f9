import { expect, test } from "vitest";
import type { Thresholds } from "../../pipelines/config/model-config.ts";
import type { Evaluation } from "../../pipelines/evaluation/evaluation.ts";
import { evaluation, firstEvaluation, judged, metric } from "./builders.ts";

const worse = [metric("rmse", 31, 30)];
const better = [metric("rmse", 29, 30)];

const verdictOf = (metrics: typeof better, found: Partial<Evaluation>, change: Partial<Thresholds> = {}) =>
  judged(evaluation(metrics, found), { min_test_rows: 30, ...change });

test("rows that production was trained on are told, and the others decide", () => {
  const verdict = verdictOf(better, { rows: 126, test_rows: 761, seen_by_production: 635 });
  expect(verdict.outcome).toBe("pass");
  expect(verdict.notes).toContain("Judged on 126 of 761 test rows: production v2 was trained on the others.");
});

test.each([better, worse])("too few rows decide nothing, neither for nor against", (...metrics) => {
  const verdict = verdictOf(metrics, { rows: 12, test_rows: 761, seen_by_production: 749 });
  expect(verdict.outcome).toBe("inconclusive");
  expect(verdict.summary).toBe(
    "Inconclusive: Only 12 of 761 test rows can be judged: production v2 was trained on the others; thresholds.min_test_rows asks for 30.",
  );
  expect(verdict.notes[0]).toContain("Split as production was split");
});

test("an overlap that cannot be known is inconclusive unless waived", () => {
  const found = { rows: 761, test_rows: 761, seen_by_production: null, overlap_unknown: "its train split is gone" };
  const verdict = verdictOf(worse, found);
  expect(verdict.outcome).toBe("inconclusive");
  expect(verdict.summary).toContain("which of the 761 test rows production v2 was trained on: its train split is gone");
  const waive = [{ check: "held-out", until: "2026-12-31", reason: "agreed" }];
  expect(verdictOf(worse, found, { waive }).outcome).toBe("fail");
  expect(verdictOf(better, found, { waive }).outcome).toBe("pass");
});

test("without any row left it is inconclusive, not a missing number", () => {
  const none = [metric("rmse", null, null)];
  expect(verdictOf(none, { rows: 0, test_rows: 50, seen_by_production: 50 }).outcome).toBe("inconclusive");
  expect(verdictOf(none, { rows: 0, test_rows: 0, seen_by_production: 0 }).outcome).toBe("fail");
});

test("a first deploy needs rows too, and records of before are judged as they were", () => {
  const few = firstEvaluation(better, { rows: 12, test_rows: 12 });
  expect(judged(few, { min_test_rows: 30 }).outcome).toBe("inconclusive");
  expect(judged(few, { min_test_rows: 10 }).outcome).toBe("pass");
  expect(judged(few).outcome).toBe("pass");
  expect(judged(firstEvaluation(better, { rows: 12 }), { min_test_rows: 30 }).outcome).toBe("pass");
});
