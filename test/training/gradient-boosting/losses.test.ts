import { expect, test } from "vitest";
import { lossOf } from "../../../pipelines/training/gradient-boosting/losses/index.ts";
import type { Loss, LossRows, LossSpec } from "../../../pipelines/training/gradient-boosting/losses/loss.ts";
import { probabilities } from "../../../pipelines/training/gradient-boosting/train.ts";

const cases: [string, LossSpec, number[], number[][]][] = [
  ["squared", { name: "squared" }, [3, -1, 0.5], [[2.5, 4, 0.5]]],
  ["poisson", { name: "poisson", limit: 40 }, [3, 0, 7], [[0.5, -2, 3]]],
  ["logistic", { name: "logistic" }, [1, 0, 1, 0], [[0.3, -2, -3, 4]]],
  [
    "softmax",
    { name: "softmax", classes: 3 },
    [2, 0, 1],
    [
      [0.1, 1, -2],
      [0, -1, 3],
      [1.5, 0.2, 0],
    ],
  ],
];

function rowsOf(targets: number[], scores: number[][]): LossRows {
  const all = scores.flat();
  const rows = targets.length;
  return {
    rows,
    targets: Float64Array.from(targets),
    scores: Float64Array.from(all),
    probabilities: new Float64Array(all.length),
  };
}

function lossesOf(loss: Loss, rows: LossRows): Float64Array {
  const losses = new Float64Array(rows.rows);
  loss.observe(rows, 0, rows.rows, losses);
  return losses;
}

/** Derivatives of all rows by the score of `output`, of which row `row` is moved by `step`. */
function derivativesAt(loss: Loss, rows: LossRows, output: number, row = 0, step = 0) {
  const scores = rows.scores.slice();
  scores[output * rows.rows + row]! += step;
  const moved = { ...rows, scores };
  const losses = lossesOf(loss, moved);
  const gradients = new Float64Array(rows.rows);
  const hessians = new Float64Array(rows.rows).fill(1);
  loss.derivatives(moved, output, 0, rows.rows, gradients, hessians);
  return { losses, gradients, hessians };
}

test.each(cases)("%s: derivatives agree with finite differences of the loss", (_name, spec, targets, scores) => {
  const loss = lossOf(spec);
  const rows = rowsOf(targets, scores);
  const h = 1e-5;
  for (let output = 0; output < loss.outputs; output++) {
    for (let row = 0; row < rows.rows; row++) {
      const above = derivativesAt(loss, rows, output, row, h);
      const below = derivativesAt(loss, rows, output, row, -h);
      const { gradients, hessians } = derivativesAt(loss, rows, output);
      expect((above.losses[row]! - below.losses[row]!) / (2 * h)).toBeCloseTo(gradients[row]!, 7);
      expect((above.gradients[row]! - below.gradients[row]!) / (2 * h)).toBeCloseTo(hessians[row]!, 7);
    }
  }
});

const surrogates: [string, LossSpec, number[], number[][]][] = [
  ["absolute", { name: "absolute" }, [3, -1, 0.5], [[2.5, 4, 0.7]]],
  ["quantile", { name: "quantile", quantile: 0.75 }, [3, -1, 0.5, 7, 2], [[2.5, 4, 0.7, 1, 9]]],
  ["huber", { name: "huber", delta: 2 }, [3, -1, 0.5, 9], [[2.5, 4, 0.7, 1]]],
];

test.each(surrogates)("%s: gradients agree with finite differences of the loss", (_name, spec, targets, scores) => {
  const loss = lossOf(spec);
  const rows = rowsOf(targets, scores);
  const h = 1e-5;
  for (let row = 0; row < rows.rows; row++) {
    const above = derivativesAt(loss, rows, 0, row, h);
    const below = derivativesAt(loss, rows, 0, row, -h);
    const gradient = derivativesAt(loss, rows, 0).gradients[row]!;
    expect((above.losses[row]! - below.losses[row]!) / (2 * h)).toBeCloseTo(gradient, 7);
  }
});

test.each(surrogates)(
  "%s: no other base score and no other leaf value has a much smaller loss",
  (name, spec, targets) => {
    const loss = lossOf(spec);
    const total = (score: number) => {
      const rows = rowsOf(targets, [targets.map(() => score)]);
      return lossesOf(loss, rows).reduce((sum, each) => sum + each, 0);
    };
    const base = loss.start(Float64Array.from(targets)).base[0]!;
    expect(loss.leafOf!(Float64Array.from(targets).sort())).toBeCloseTo(base, 6);
    // Huber's is one step towards the minimum.
    const slack = name === "huber" ? 1.2 : 1 + 1e-6;
    for (let score = -2; score <= 10; score += 0.1) expect(total(base)).toBeLessThanOrEqual(slack * total(score));
  },
);

test.each([...cases, ...surrogates])("%s: a block of rows gives what all rows give", (_name, spec, targets, scores) => {
  const loss = lossOf(spec);
  const rows = rowsOf(targets, scores);
  const { losses, gradients } = derivativesAt(loss, rows, 0);
  const some = { losses: new Float64Array(2), gradients: new Float64Array(2), hessians: new Float64Array(2) };
  loss.observe(rows, 1, 3, some.losses);
  loss.derivatives(rows, 0, 1, 3, some.gradients, some.hessians);
  expect(some.losses).toEqual(losses.slice(1, 3));
  expect(some.gradients).toEqual(gradients.slice(1, 3));
});

test.each(cases)("%s: the base scores leave no mean gradient", (_name, spec, targets) => {
  const loss = lossOf(spec);
  const { base, largestGradient } = loss.start(Float64Array.from(targets));
  const rows = rowsOf(
    targets,
    base.map((score) => targets.map(() => score)),
  );
  for (let output = 0; output < loss.outputs; output++) {
    const { gradients } = derivativesAt(loss, rows, output);
    expect(gradients.reduce((sum, each) => sum + each, 0)).toBeCloseTo(0, 6);
    for (const gradient of gradients) expect(Math.abs(gradient)).toBeLessThanOrEqual(largestGradient);
  }
});

test.each([1000, -1000])("a logit of %i overflows nothing", (score) => {
  const rows = rowsOf([1, 0], [[score, score]]);
  const losses = lossesOf(lossOf({ name: "logistic" }), rows);
  expect([...losses].sort((a, b) => a - b)).toEqual([0, 1000]);
});

test("a class without rows has a finite base score", () => {
  expect(lossOf({ name: "logistic" }).start(Float64Array.of(1, 1)).base[0]).toBeCloseTo(Math.log(4), 6);
  const { base } = lossOf({ name: "softmax", classes: 3 }).start(Float64Array.of(0, 2));
  expect(base.every(Number.isFinite)).toBe(true);
});

test("probabilities add up to 1, for two classes and for more, however large the scores", () => {
  const two = probabilities(Float64Array.of(0, 800, -800), 3, 2);
  expect([...two]).toEqual([0.5, 0.5, 0, 1, 1, 0]);
  const three = probabilities(Float64Array.of(1000, 0, 1000, Math.log(2), 0, Math.log(3)), 2, 3);
  expect(three[0]! + three[1]! + three[2]!).toBeCloseTo(1, 6);
  expect([...three.slice(3)].map((p) => Math.round(p * 600) / 100)).toEqual([1, 2, 3]);
});
