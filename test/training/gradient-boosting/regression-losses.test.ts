import fc from "fast-check";
import { expect, test } from "vitest";
import type { Table } from "../../../pipelines/data/table.ts";
import { quantileOfTargets } from "../../../pipelines/training/gradient-boosting/losses/prior.ts";
import { classification, numbers, regression } from "../tables.ts";
import { anyTable, mixedTable } from "./random-tables.ts";
import { trainAndProve, trainOn } from "./training.ts";

/** Numbers in [0, 1) that are the same in Python. */
function congruential(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

/** A skewed target with outliers, or a count, of three features. */
function skewedTable(rows: number, seed: number, kind: "amount" | "count"): Table {
  const random = congruential(seed);
  const columns: [number[], number[], number[]] = [[], [], []];
  const targets: number[] = [];
  for (let row = 0; row < rows; row++) {
    const [a, b, c, u, v] = [random(), random(), random(), random(), random()];
    [a, b, c].forEach((value, index) => {
      columns[index]!.push(value);
    });
    const mean = Math.exp(1 + Math.sin(6 * a) + b - 0.5 * c);
    const amount = mean * (0.5 + u);
    targets.push(kind === "count" ? Math.floor(amount * 2 * v) : amount + (u > 0.9 ? 20 * v : 0));
  }
  return regression(
    columns.map((values, index) => numbers("abc"[index]!, values)),
    targets,
  );
}

const pinball = (y: number, p: number) => (p > y ? 0.1 * (p - y) : 0.9 * (y - p));
const huber = (y: number, p: number) => (Math.abs(y - p) < 5 ? 0.5 * (y - p) ** 2 : 5 * (Math.abs(y - p) - 2.5));
const deviance = (y: number, p: number) => 2 * (p - y + (y > 0 ? y * Math.log(y / p) : 0));

/**
 * `peer` is what scikit-learn 1.x reaches on the same rows, X, y (seed 1) and tested on T, u (seed 2):
 *
 *     k = dict(max_iter=100, early_stopping=False)
 *     mean_absolute_error(u, HistGradientBoostingRegressor(loss="absolute_error", **k).fit(X, y).predict(T))
 *     mean_pinball_loss(u, HistGradientBoostingRegressor(loss="quantile", quantile=.9, **k).fit(X, y).predict(T), alpha=.9)
 *     mean_poisson_deviance(u, HistGradientBoostingRegressor(loss="poisson", **k).fit(X, y).predict(T))
 *     GradientBoostingRegressor(loss="huber", max_depth=None, max_leaf_nodes=31, min_samples_leaf=20).fit(X, y)
 *
 * and the last, whose delta is set anew in every round, by the mean Huber loss of delta 5.
 */
const peers = [
  { loss: "absolute", kind: "amount", lossOf: (y: number, p: number) => Math.abs(y - p), peer: 2.36026 },
  { loss: "quantile", kind: "amount", lossOf: pinball, peer: 1.25366 },
  { loss: "poisson", kind: "count", lossOf: deviance, peer: 2.90778 },
  { loss: "huber", kind: "amount", lossOf: huber, peer: 6.65083 },
] as const;

test.each(peers)("$loss is as good as scikit-learn's, within 2%", async ({ loss, kind, lossOf, peer }) => {
  const model = await trainAndProve(skewedTable(4000, 1, kind), { loss, quantile: 0.9, huber_delta: 5 });
  const fresh = skewedTable(4000, 2, kind);
  const { values } = model.predict(fresh.features);
  if (fresh.target.task !== "regression") throw new Error("The table is one for regression.");
  const losses = Array.from(fresh.target.values, (target, row) => lossOf(target, values[row]!));
  expect(losses.reduce((sum, each) => sum + each, 0) / losses.length).toBeLessThan(1.02 * peer);
});

test.each<Record<string, number | string>>([
  { loss: "absolute" },
  { loss: "huber" },
  { loss: "quantile", quantile: 0.2, subsample: 0.5 },
  { loss: "poisson", early_stopping: 3 },
  { loss: "absolute", early_stopping: 3, columns_per_tree: 0.4 },
])("%o: the bytes are the same with 1 and with 3 threads", async (params) => {
  const table = skewedTable(260_000, 1, params.loss === "poisson" ? "count" : "amount");
  const all = { trees: 3, max_leaves: 6, ...params };
  const [one, three] = [await trainOn(table, all, 1), await trainOn(table, all, 3)];
  expect(Buffer.from(three.onnx).equals(Buffer.from(one.onnx))).toBe(true);
});

test.each(["absolute", "huber", "quantile", "poisson"])(
  "%s: whatever the table, the ONNX file predicts what was trained, and the curve never rises much",
  async (loss) => {
    const params = { loss, trees: 5, max_leaves: 5, min_rows_per_leaf: 2, learning_rate: 0.5, quantile: 0.7 };
    const regressions = anyTable.filter(({ target }) => target.task === "regression");
    await fc.assert(
      fc.asyncProperty(regressions, async (table) => {
        const { target } = table;
        if (target.task !== "regression") throw new Error("The table is one for regression.");
        const values = loss === "poisson" ? target.values.map((value) => Math.abs(value) + 1) : target.values;
        const model = await trainAndProve({ ...table, target: { ...target, values } }, params);
        expect(model.curves[0]!.values.at(-1)).toBeLessThanOrEqual(model.curves[0]!.values[0]! * 1.05 + 1e-3);
        expect(model.curves[0]!.values.every((value) => value >= -1e-6)).toBe(true);
      }),
      { numRuns: 25 },
    );
  },
);

test("a large count far from the mean is approached from below", async () => {
  const x = Array.from({ length: 400 }, (_, row) => (row < 20 ? 1 : 0));
  const table = regression(
    [numbers("x", x)],
    x.map((value) => (value === 1 ? 100_000 : 1)),
  );
  const model = await trainAndProve(table, { loss: "poisson", trees: 60, learning_rate: 0.5 });
  const { values } = model.predict([numbers("x", [0, 1])]);
  expect(values[0]).toBeCloseTo(1, 2);
  expect(values[1]! / 100_000).toBeCloseTo(1, 3);
});

test("quantiles are numpy's", () => {
  expect([0, 0.25, 0.5, 0.9, 1].map((q) => quantileOfTargets(Float64Array.of(1, 2, 4, 8), q))).toEqual([
    1,
    1.75,
    3,
    expect.closeTo(6.8, 12),
    8,
  ]);
  expect(quantileOfTargets(new Float64Array(), 0.5)).toBe(0);
});

test.each([
  { targets: [1, -2, 3], message: "loss: poisson needs targets of at least 0; row 2 of the train split has -2." },
  { targets: [0, 0, 0], message: "loss: poisson needs a target above 0; all are 0." },
])("$message", async ({ targets, message }) => {
  const table = regression([numbers("x", [1, 2, 3])], targets);
  await expect(trainOn(table, { loss: "poisson" })).rejects.toThrow(message);
});

test("a classifier has a loss of its own", async () => {
  const table = classification([numbers("x", [1, 2])], ["a", "b"]);
  await expect(trainOn(table, { loss: "absolute" })).rejects.toThrow(
    "loss: absolute is for regression, but the task is classification, which minimises the log loss.",
  );
});

test("the default loss has the bytes of squared", async () => {
  const table = mixedTable(300);
  const [plain, squared] = [await trainOn(table), await trainOn(table, { loss: "squared", quantile: 0.9 })];
  expect(Buffer.from(squared.onnx).equals(Buffer.from(plain.onnx))).toBe(true);
});
