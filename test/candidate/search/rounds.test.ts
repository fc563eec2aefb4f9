import fc from "fast-check";
import { expect, test } from "vitest";
import { planRounds, rankTrials } from "../../../pipelines/candidate/search/rounds.ts";

const halving = (eta: number) => ({ method: "halving", eta }) as const;

test.each<[title: string, eta: number, trials: number, full: number, rounds: string]>([
  ["20 trials, a third each", 3, 20, 90, "20@10 6@30 2@90"],
  ["27 trials end with one", 3, 27, 270, "27@10 9@30 3@90 1@270"],
  ["halves", 2, 8, 80, "8@10 4@20 2@40 1@80"],
  ["a single trial has everything", 3, 1, 90, "1@90"],
  ["fewer trials than eta", 3, 2, 90, "2@90"],
  ["a budget never falls to nothing", 10, 100, 5, "100@1 10@1 1@5"],
])("%s", (_title, eta, trials, full, rounds) => {
  const planned = planRounds(halving(eta), trials, full);
  expect(planned.map((round) => `${round.trials}@${round.budget}`).join(" ")).toBe(rounds);
});

test("grid and random are one round with all there is", () => {
  expect(planRounds({ method: "random", eta: 3 }, 20, 90)).toEqual([{ trials: 20, budget: null }]);
});

test("rounds shrink, budgets grow, and the last has everything", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 10 }),
      fc.integer({ min: 1, max: 1000 }),
      fc.nat(1e6),
      (eta, trials, more) => {
        const rounds = planRounds(halving(eta), trials, more + 1);
        expect(rounds[0]?.trials).toBe(trials);
        expect(rounds.at(-1)?.budget).toBe(more + 1);
        expect(rounds.every(({ trials: size, budget }) => size >= 1 && budget! >= 1)).toBe(true);
        for (const [at, { trials: size, budget }] of rounds.entries()) {
          if (at === 0) continue;
          expect(size).toBe(Math.floor(rounds[at - 1]!.trials / eta));
          expect(budget).toBeGreaterThanOrEqual(rounds[at - 1]!.budget!);
        }
      },
    ),
  );
});

test.each<[title: string, metric: string, scores: (number | null)[], order: number[]]>([
  ["the smallest error first", "rmse", [3, 1, 2], [1, 2, 0]],
  ["the largest area first", "roc_auc", [0.7, 0.9, 0.8], [1, 2, 0]],
  ["a bias by its size", "bias", [-3, 2, 0.5, -1], [2, 3, 1, 0]],
  ["of equals the earlier", "mae", [2, 1, 1], [1, 2, 0]],
  ["what has no score last", "roc_auc", [null, 0.1, null], [1, 0, 2]],
])("ranks %s", (_title, metric, scores, order) => {
  expect(
    rankTrials(
      metric,
      scores.map((score) => ({ score })),
    ),
  ).toEqual(order);
});
