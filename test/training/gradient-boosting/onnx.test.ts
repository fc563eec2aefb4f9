import fc from "fast-check";
import { expect, test } from "vitest";
import type { FeatureColumn } from "../../../pipelines/data/table.ts";
import type { Encoding } from "../../../pipelines/training/gradient-boosting/encode-columns.ts";
import { scoreFeatures } from "../../../pipelines/training/gradient-boosting/scorer.ts";
import { forestToOnnx } from "../../../pipelines/training/gradient-boosting/to-onnx.ts";
import type { Forest, Tree } from "../../../pipelines/training/gradient-boosting/tree.ts";
import { openModel } from "../../../pipelines/training/onnx/session.ts";
import { categories, numbers, seeded } from "../tables.ts";
import { anyTable, mixedTable } from "./random-tables.ts";
import { trainAndProve } from "./training.ts";

test("whatever the table, the ONNX file predicts what was trained", async () => {
  const params = { trees: 4, max_leaves: 5, min_rows_per_leaf: 2, learning_rate: 0.5 };
  await fc.assert(
    fc.asyncProperty(anyTable, async (table) => {
      await trainAndProve(table, params);
    }),
    { numRuns: 60 },
  );
});

test.each(["regression", "binary", "classes"] as const)("%s: many trees over several ensembles", async (task) => {
  const table = mixedTable(2000, task);
  const model = await trainAndProve(table, { trees: 120, max_leaves: 12 });
  expect(
    Buffer.from(model.onnx)
      .toString("latin1")
      .match(/TreeEnsembleRegressor/g)!.length,
  ).toBeGreaterThan(1);
});

const levels = ["", "a", "b", "c"];

/** A tree of random shape, columns and thresholds, not grown from any data. */
function randomTree(random: () => number, columns: readonly Encoding[], output: number): Tree {
  const splits = Math.floor(random() * 8);
  const nodes = 2 * splits + 1;
  const column = new Int32Array(nodes).fill(-1);
  const [left, right] = [new Int32Array(nodes), new Int32Array(nodes)];
  const threshold = new Float32Array(nodes);
  const sides = new Array<Uint8Array | null>(nodes).fill(null);
  const leaves = [0];
  for (let split = 0; split < splits; split++) {
    const node = leaves.splice(Math.floor(random() * leaves.length), 1)[0]!;
    column[node] = Math.floor(random() * columns.length);
    left[node] = 2 * split + 1;
    right[node] = 2 * split + 2;
    leaves.push(left[node], right[node]);
    if (columns[column[node]]!.categories) sides[node] = Uint8Array.from({ length: 4 }, () => Number(random() < 0.5));
    else threshold[node] = random() < 0.1 ? Infinity : random() * 6 - 3;
  }
  const missingLeft = Uint8Array.from({ length: nodes }, (_, node) => Number(!sides[node] && random() < 0.5));
  const value = Float32Array.from({ length: nodes }, () => random() * 4 - 2);
  return { output, column, threshold, missingLeft, sides, left, right, gain: new Float64Array(nodes), value };
}

function randomForest(random: () => number, outputs: number): Forest {
  const number = (feature: number): Encoding => ({
    feature,
    output: null,
    categories: null,
    cuts: new Float32Array(),
    bins: 1,
  });
  const category = { levels, codes: Uint8Array.of(2, 0, 1, 3), unseen: 3 };
  const columns = [number(0), number(1), { ...number(2), categories: category, bins: 3 }];
  const trees = Array.from({ length: 30 }, (_, index) => randomTree(random, columns, index % outputs));
  return { columns, base: Array.from({ length: outputs }, () => Math.fround(random() * 10)), trees };
}

test.each([1, 3])("random forests score random rows as ONNX Runtime does (%i outputs)", async (outputs) => {
  const classes = outputs === 1 ? [] : ["a", "b", "c"];
  for (let seed = 0; seed < 20; seed++) {
    const random = seeded(seed);
    const forest = randomForest(random, outputs);
    const value = () => (random() < 0.2 ? null : random() < 0.1 ? Infinity : random() * 6 - 3);
    const rows = { length: 200 };
    const features: FeatureColumn[] = [
      numbers("p", Array.from(rows, value)),
      numbers("q", Array.from(rows, value)),
      categories(
        "r",
        Array.from(rows, () => ["", "a", "b", "c", "unseen"][Math.floor(random() * 5)]!),
      ),
    ];
    const specs = features.map(({ name, kind }) => ({ name, kind }));
    const target =
      outputs === 1
        ? { task: "regression" as const, values: new Float64Array() }
        : { task: "classification" as const, codes: new Int32Array(), classes };
    const model = await openModel(forestToOnnx(forest, specs, target), { features: specs, classes });
    const shipped = await model.predict(features);
    await model.close();
    const own = scoreFeatures(forest, features);
    for (let row = 0; row < 200; row++) {
      if (outputs === 1) expect(Math.abs(shipped.values[row]! - own[row]!)).toBeLessThan(1e-4);
      else expect(Math.abs(shipped.values[3 * row]! - softmaxOfFirst(own, row))).toBeLessThan(1e-4);
    }
  }
});

function softmaxOfFirst(scores: Float64Array, row: number): number {
  const [a, b, c] = [scores[row]!, scores[200 + row]!, scores[400 + row]!];
  return 1 / (1 + Math.exp(b - a) + Math.exp(c - a));
}

test("a feature that no tree uses is an input all the same", async () => {
  const table = mixedTable(200);
  const constant = numbers("constant", new Array<number>(200).fill(1));
  const model = await trainAndProve({ ...table, features: [constant, ...table.features] }, { trees: 3 });
  expect(model.importance[0]).toEqual({ feature: "constant", share: 0 });
});
