import { expect, test } from "vitest";
import type { Evaluation } from "../../pipelines/evaluation/evaluation.ts";
import { evaluation, firstEvaluation, judged, metric, production } from "./builders.ts";

const good = [metric("rmse", 29, 30)];
const leaks = [{ feature: "ycopy", score: 1, found: "its correlation with the target is 1" }];
const waive = [{ check: "leak:ycopy", until: "2026-12-31", reason: "Known a day before" }];

test("a feature that is the target blocks a first deploy, unless waived", () => {
  const verdict = judged(firstEvaluation(good, { leaks }));
  expect(verdict.outcome).toBe("fail");
  expect(verdict.summary).toContain(
    "ycopy looks like the target in other clothes: its correlation with the target is 1",
  );
  expect(judged(firstEvaluation(good, { leaks }), { waive }).outcome).toBe("pass");
});

test("it blocks where it is new, and is told where production predicts with it", () => {
  expect(judged(evaluation(good, { leaks })).outcome).toBe("fail");
  const features = [...production.features, { name: "ycopy", kind: "number" as const }];
  const verdict = judged(evaluation(good, { leaks, features, baseline: { ...production, features } }));
  expect(verdict.outcome).toBe("pass");
  expect(verdict.notes.join()).toContain("ycopy looks like the target");
});

const copies = { rows: 840, copies: 840, agreement: 1, left_out: 0, kept: "only 36 other rows would be left" };
const counted: Partial<Evaluation> = { rows: 876, test_rows: 876, duplicates: copies };

test("copies of train rows are undecided where too few others are left", () => {
  for (const evaluated of [firstEvaluation(good, counted), evaluation(good, counted)]) {
    expect(judged(evaluated).outcome).toBe("inconclusive");
    expect(judged(evaluated).summary).toContain("840 of 876 test rows are copies of train rows");
    const waiver = [{ check: "duplicates", until: "2026-12-31", reason: "They come again" }];
    expect(judged(evaluated, { waive: waiver }).outcome).toBe("pass");
  }
});

test.each([
  [{ ...copies, kept: undefined, left_out: 840 }, "nobody is judged on them"],
  [{ rows: 840, copies: 0, agreement: 0, left_out: 0 }, "840 test rows of 876 have the features of a train row."],
  [
    { rows: 1, copies: 1, agreement: 1, left_out: 0 },
    "1 test row of 876 has the features of a train row, and 1 of them its target too.",
  ],
])("what became of equal rows is told", (duplicates, told) => {
  const verdict = judged(firstEvaluation(good, { ...counted, duplicates: JSON.parse(JSON.stringify(duplicates)) }));
  expect(verdict.outcome).toBe("pass");
  expect(verdict.notes.join()).toContain(told);
});

test("rows of too few groups decide nothing", () => {
  const few = firstEvaluation(good, { rows: 5000, test_rows: 5000, groups: 12 });
  const verdict = judged(few, { min_test_rows: 30 });
  expect(verdict.outcome).toBe("inconclusive");
  expect(verdict.summary).toContain("The judged rows are of 12 groups");
  const enough = judged({ ...few, groups: 30 }, { min_test_rows: 30 });
  expect(enough.outcome).toBe("pass");
  expect(enough.notes).toContain(
    "The 5,000 judged rows are of 30 groups, and count as so many (features.split.group).",
  );
});
