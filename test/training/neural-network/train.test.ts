import { expect, test } from "vitest";
import type { Table } from "../../../pipelines/data/table.ts";
import { ACTIVATIONS } from "../../../pipelines/training/neural-network/network.ts";
import type { TrainedModel } from "../../../pipelines/training/trainer.ts";
import { classification, numbers, regression, seeded } from "../tables.ts";
import { grades, prices, train } from "./training.ts";

const table = prices(800);

function rmse(model: TrainedModel, { features, target, rows }: Table): number {
  if (target.task !== "regression") throw new Error("not a regression");
  const { values } = model.predict(features);
  return Math.sqrt(values.reduce((sum, value, i) => sum + (value - target.values[i]!) ** 2, 0) / rows);
}

/** Share of the rows of each class that are predicted to be of it. */
function recalls(model: TrainedModel, { features, target }: Table): number[] {
  if (target.task !== "classification") throw new Error("not a classification");
  const { values } = model.predict(features);
  const k = target.classes.length;
  const found = [...target.codes].map((_, row) => {
    const own = values.subarray(row * k, (row + 1) * k);
    return own.indexOf(Math.max(...own));
  });
  return target.classes.map((_, code) => {
    const rows = [...target.codes.keys()].filter((row) => target.codes[row] === code);
    return rows.filter((row) => found[row] === code).length / rows.length;
  });
}

test("a regression that is not linear is learned, missing values and categories included", async () => {
  const { model, parity } = await train(table);
  expect(rmse(model, table)).toBeLessThan(8);
  expect(parity.maxRelative).toBeLessThan(1e-5);
  expect(model.facts).toEqual({ tfjs: "4.22.0", backend: "wasm" });
  expect(model.coefficients).toEqual([]);
});

test.each([
  ["two", ["bad", "good"]],
  ["three", ["bad", "good", "great"]],
])("%s classes are learned, and probabilities sum to 1", async (_, names) => {
  const graded = grades(800, names);
  const { model } = await train(graded, { params: { epochs: 100, l2: 0 } });
  for (const recall of recalls(model, graded)) expect(recall).toBeGreaterThan(0.9);
  const { values, classes } = model.predict(graded.features);
  expect(classes).toEqual(names);
  for (let at = 0; at < values.length; at += classes.length) {
    expect(values.subarray(at, at + classes.length).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
  }
});

test.each(ACTIVATIONS)("%s is the same in ONNX", async (activation) => {
  const { model, parity } = await train(table, { params: { activation, epochs: 5 } });
  expect(parity.maxRelative).toBeLessThan(1e-5);
  expect(model.curves[0]!.values.at(-1)).toBeLessThan(model.curves[0]!.values[0]!);
});

test.each([
  ["adam", 0.005],
  ["sgd", 0.1],
  ["rmsprop", 0.005],
])("%s lowers the loss, with either schedule", async (optimizer, learning_rate) => {
  for (const schedule of ["cosine", "constant"]) {
    const { model } = await train(table, { params: { optimizer, learning_rate, schedule, epochs: 30 } });
    expect(rmse(model, table)).toBeLessThan(50);
  }
});

test("no hidden layer is a linear model", async () => {
  const x = Array.from({ length: 200 }, (_, i) => i);
  const line = regression(
    [numbers("x", x)],
    x.map((each) => 3 * each - 5),
  );
  const { model } = await train(line, { params: { hidden: [], epochs: 100, learning_rate: 0.05 } });
  expect(model.predict([numbers("x", [10, 100])]).values).toSatisfy(
    (values: Float32Array) => Math.abs(values[0]! - 25) < 2 && Math.abs(values[1]! - 295) < 2,
  );
});

test("curves tell the loss in the target's units, by epoch; progress tells the same", async () => {
  const told: [number | null, string | undefined][] = [];
  const titles: string[] = [];
  const log = {
    info() {},
    warn() {},
    async step<T>(
      title: string,
      work: (step: { update(f: number | null, d?: string): void }) => Promise<T>,
      done?: (r: T) => string,
    ) {
      const result = await work({ update: (fraction, detail) => told.push([fraction, detail]) });
      titles.push(title, done!(result));
      return result;
    },
  };
  const { model } = await train(table, { params: { epochs: 30, early_stopping: 30 }, log });
  const [fit, held] = model.curves;
  expect(model.curves.map((each) => each.metric)).toEqual(["train rmse", "validation rmse"]);
  expect(fit!.steps).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  expect(fit!.values[0]).toBeGreaterThan(50);
  expect(held!.values.at(-1)).toBeLessThan(20);
  expect(told.at(-1)).toEqual([1, `30/30  rmse ${Number(held!.values.at(-1)!.toPrecision(4))}`]);
  expect(titles).toEqual(["Training the network", "30 epochs on wasm"]);
});

test("early stopping ends when the validation loss no longer falls", async () => {
  const random = seeded(5);
  const noise = regression([numbers("x", Array.from({ length: 200 }, random))], Array.from({ length: 200 }, random));
  const { model } = await train(noise, { params: { epochs: 500, early_stopping: 3, schedule: "constant" } });
  const { values } = model.curves[1]!;
  expect(values.length).toBeLessThan(500);
  expect(values.length - 1 - values.indexOf(Math.min(...values))).toBe(3);
});

test("l2 and dropout keep a network from learning noise by heart", async () => {
  const random = seeded(9);
  const features = Array.from({ length: 10 }, (_, f) => numbers(`x${f}`, Array.from({ length: 30 }, random)));
  const noise = regression(features, Array.from({ length: 30 }, random));
  const fits = [];
  const kinds: Record<string, number>[] = [{}, { l2: 0.05 }, { dropout: 0.5 }];
  for (const params of kinds) {
    fits.push(rmse((await train(noise, { params: { epochs: 120, l2: 0, ...params } })).model, noise));
  }
  expect(fits[0]).toBeLessThan(0.03);
  expect(fits[1]).toBeGreaterThan(2 * fits[0]!);
  expect(fits[2]).toBeGreaterThan(2 * fits[0]!);
});

test("balanced class weights find the rare class", async () => {
  const random = seeded(4);
  const x = Array.from({ length: 600 }, () => random());
  const rare = classification(
    [numbers("x", x)],
    x.map((each) => (each > 0.5 && random() < 0.2 ? "yes" : "no")),
  );
  const plain = await train(rare, { params: { epochs: 10 } });
  const balanced = await train(rare, { params: { epochs: 10, class_weight: "balanced" } });
  expect(recalls(plain.model, rare)[1]).toBe(0);
  expect(recalls(balanced.model, rare)[1]).toBeGreaterThan(0.9);
});

test("importance is larger for what matters, and its shares sum to 1", async () => {
  const random = seeded(8);
  const [a, b, c] = [0, 1, 2].map(() => Array.from({ length: 300 }, random));
  const features = [numbers("a", a!), numbers("b", b!), numbers("c", c!)];
  const { model } = await train(
    regression(
      features,
      a!.map((each, i) => 10 * each + b![i]!),
    ),
  );
  const [first, second, third] = model.importance;
  expect(model.importance.map((each) => each.feature)).toEqual(["a", "b", "c"]);
  expect(first!.share).toBeGreaterThan(5 * second!.share);
  expect(second!.share).toBeGreaterThan(third!.share);
  expect(first!.share + second!.share + third!.share).toBeCloseTo(1, 10);
});

test("eight hidden layers learn too, though training starts from small scores", async () => {
  const { model } = await train(table, { params: { hidden: Array.from({ length: 8 }, () => 16) } });
  expect(rmse(model, table)).toBeLessThan(20);
});
