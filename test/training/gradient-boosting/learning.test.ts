import { expect, test } from "vitest";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { gradientBoosting } from "../../../pipelines/training/gradient-boosting/index.ts";
import { categories, numbers, regression, seeded } from "../tables.ts";
import { mixedTable } from "./random-tables.ts";
import { completeParams, rmseOf, trainOn } from "./training.ts";

test("learns a function of numbers, missing values and categories up to its noise", async () => {
  const model = await trainOn(mixedTable(8000), { trees: 150 });
  // The noise is uniform over 1: a standard deviation of 0.289.
  expect(rmseOf(model, mixedTable(4000, "regression", 2))).toBeLessThan(0.4);
});

test.each(["binary", "classes"] as const)("learns %s", async (task) => {
  const model = await trainOn(mixedTable(6000, task), { trees: 60 });
  const fresh = mixedTable(3000, task, 2);
  const { values, classes } = model.predict(fresh.features);
  if (fresh.target.task !== "classification") throw new Error("The table is one for classification.");
  const right = fresh.target.codes.filter((code, row) => {
    const ofRow = [...values.slice(row * classes.length, (row + 1) * classes.length)];
    return ofRow.indexOf(Math.max(...ofRow)) === code;
  });
  expect(right.length / fresh.rows).toBeGreaterThan(0.9);
});

test("a missing value takes the side that fits", async () => {
  const x = Array.from({ length: 300 }, (_, row) => (row % 3 === 0 ? null : row % 3));
  for (const like of [1, 2]) {
    const table = regression(
      [numbers("x", x)],
      x.map((value) => (value ?? like) * 10),
    );
    const model = await trainOn(table, { trees: 50, learning_rate: 0.5 });
    const { values } = model.predict([numbers("x", [1, 2, null])]);
    expect(values[2]).toBe(values[like - 1]);
  }
});

test("sets of categories follow an interaction that no order of them could", async () => {
  const random = seeded(5);
  const rows = { length: 4000 };
  const sign = Array.from(rows, () => (random() < 0.5 ? 0 : 1));
  const level = Array.from(rows, () => Math.floor(random() * 12));
  // At sign 0 odd levels are high; at sign 1 the levels below 6 are.
  const target = level.map((code, row) => (sign[row] === 0 ? (code % 2) * 10 : code < 6 ? 40 : 30));
  const table = regression(
    [
      numbers("sign", sign),
      categories(
        "level",
        level.map((code) => `level ${code}`),
      ),
    ],
    target,
  );
  const model = await trainOn(table, { trees: 1, learning_rate: 1, max_leaves: 4, categories_smoothing: 0 });
  expect(rmseOf(model, table)).toBeLessThan(1e-4);
});

test("an unseen category is treated like the rare ones", async () => {
  const random = seeded(6);
  const level = Array.from({ length: 1000 }, (_, row) => (row < 40 ? `rare ${row}` : row % 2 === 0 ? "a" : "b"));
  const target = level.map((text) => (text === "a" ? 0 : text === "b" ? 10 : 50) + random());
  const model = await trainOn(regression([categories("level", level)], target), { trees: 40, learning_rate: 0.5 });
  const { values } = model.predict([categories("level", ["a", "b", "never seen"])]);
  expect([...values].map((value) => Math.round(value / 10) * 10)).toEqual([0, 10, 50]);
});

test("early stopping ends training, keeps the best round, and shows both curves", async () => {
  const random = seeded(7);
  const table = mixedTable(600);
  if (table.target.task !== "regression") throw new Error("The table is one for regression.");
  const noisy = { ...table, target: { ...table.target, values: table.target.values.map((y) => y + 20 * random()) } };
  const model = await trainOn(noisy, { trees: 500, early_stopping: 5, learning_rate: 0.3, min_rows_per_leaf: 2 });
  const [train, validation] = model.curves;
  expect([train!.metric, validation!.metric]).toEqual(["train rmse", "validation rmse"]);
  expect(validation!.steps.length).toBeLessThan(100);
  const best = validation!.values.indexOf(Math.min(...validation!.values));
  expect(validation!.steps.length - 1 - best).toBe(5);
  const short = await trainOn(noisy, { trees: best, early_stopping: 500, learning_rate: 0.3, min_rows_per_leaf: 2 });
  expect(short.predict(noisy.features).values).toEqual(model.predict(noisy.features).values);
});

test("the curve is the loss of the training rows, from the base score on", async () => {
  const table = mixedTable(500);
  const model = await trainOn(table, { trees: 20 });
  const [{ metric, steps, values }] = model.curves as [(typeof model.curves)[0]];
  expect(metric).toBe("train rmse");
  expect(steps).toEqual(Array.from({ length: 21 }, (_, step) => step));
  expect(values[20]).toBeCloseTo(rmseOf(model, table), 5);
  expect([...values].sort((a, b) => b - a)).toEqual(values);
});

test.each([
  ["max_leaves", { max_leaves: 2 }],
  ["max_depth", { max_depth: 1 }],
  ["subsample", { subsample: 0.3 }],
  ["columns_per_tree", { columns_per_tree: 0.34 }],
  ["l2", { l2: 1000 }],
  ["l1", { l1: 1000 }],
  ["max_bins", { max_bins: 2 }],
])("%s holds the model back from the training rows", async (_name, params) => {
  const table = mixedTable(1000);
  const free = rmseOf(await trainOn(table, { trees: 10 }), table);
  expect(rmseOf(await trainOn(table, { trees: 10, ...params }), table)).toBeGreaterThan(free);
});

test("another seed draws other rows; without draws it changes nothing", async () => {
  const table = mixedTable(1000);
  const train = (seed: number, params: { subsample?: number }) =>
    gradientBoosting.train({
      task: "regression",
      table,
      params: completeParams({ trees: 3, ...params }),
      seed,
      threads: 1,
      log: silentLog,
    });
  const bytes = async (seed: number, params = {}) => Buffer.from((await train(seed, params)).onnx).toString("hex");
  expect(await bytes(2)).toBe(await bytes(1));
  expect(await bytes(2, { subsample: 0.5 })).not.toBe(await bytes(1, { subsample: 0.5 }));
});

test("progress tells the round and the metric, the last round surely", async () => {
  const updates: [number | null, string | undefined][] = [];
  const log: typeof silentLog = {
    ...silentLog,
    step: (_title, work) => work({ update: (fraction, detail) => updates.push([fraction, detail]) }),
  };
  const table = mixedTable(200);
  await gradientBoosting.train({
    task: "regression",
    table,
    params: completeParams({ trees: 7 }),
    seed: 1,
    threads: 1,
    log,
  });
  expect(updates.at(-1)![0]).toBe(1);
  expect(updates.at(-1)![1]).toMatch(/^7\/7 {2}rmse \d+(\.\d+)?$/);
});
