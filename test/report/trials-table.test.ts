import { expect, test } from "vitest";
import type { TrialRecord } from "../../pipelines/candidate/search/score-trial.ts";
import type { SearchConfig } from "../../pipelines/config/model-config.ts";
import { trialsFold } from "../../pipelines/report/trials-table.ts";
import { candidate, modelConfig } from "./builders.ts";

const search: SearchConfig = {
  method: "random",
  space: { max_leaves: [7, 15] },
  trials: 3,
  metric: "rmse",
  validation: 0.2,
  parallel: 2,
  eta: 3,
  resource: "trees",
};

function fold(trials: readonly TrialRecord[], changes: Partial<SearchConfig> = {}) {
  return trialsFold(candidate(modelConfig("diamond-price", { search: { ...search, ...changes } }), { trials }));
}

test("the winner stands first, then the better ones, failed ones last", () => {
  const { title, body } = fold([
    { params: { max_leaves: 7 }, score: 541.26, seconds: 1.234 },
    { params: { max_leaves: 9 }, score: null, problem: "the loss is NaN | <b>", seconds: 0.5 },
    { params: { max_leaves: 15 }, score: 531.74, seconds: 2, winner: true },
  ])!;
  expect(title).toBe("Search: 3 trials (random)");
  expect(body.split("\n").slice(2)).toEqual([
    "| max_leaves | rmse | seconds |",
    "| -: | -: | -: |",
    "| 15 | **531.7** | 2 |",
    "| 7 | 541.3 | 1.2 |",
    "| 9 | failed: the loss is NaN &vert; &lt;b&gt; | 0.5 |",
  ]);
  expect(body).toMatch(/^Scored on 20% of the train split; the test split stayed unseen\./);
});

test("of halving, those that got further stand before better scores on a smaller budget", () => {
  const trials = [
    { params: { max_leaves: 4 }, score: 1, budget: 10, seconds: 1 },
    { params: { max_leaves: 5 }, score: 3, budget: 90, seconds: 1, winner: true as const },
    { params: { max_leaves: 6 }, score: 2, budget: 30, seconds: 1 },
  ];
  const { body } = fold(trials, { method: "halving" })!;
  expect(
    body
      .split("\n")
      .slice(4)
      .map((line) => line.slice(0, 9)),
  ).toEqual(["| 5 | 90 ", "| 6 | 30 ", "| 4 | 10 "]);
});

test("of many, the best ten are shown", () => {
  const trials = Array.from({ length: 40 }, (_, at) => ({ params: { max_leaves: at }, score: 100 - at, seconds: 1 }));
  const { title, body } = fold(trials)!;
  expect(title).toBe("Search: 40 trials (random), the best 10");
  expect(body.split("\n")).toHaveLength(14);
  expect(body).toContain("| 39 | 61.00 | 1 |");
  expect(body).not.toContain("| 29 |");
});

test("a model without a search has no such part", () => {
  expect(trialsFold(candidate(modelConfig("diamond-price")))).toBeNull();
});
