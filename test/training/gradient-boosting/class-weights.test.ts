import { expect, test } from "vitest";
import {
  balancedWeights,
  withClassWeights,
} from "../../../pipelines/training/gradient-boosting/losses/class-weights.ts";
import { lossOf } from "../../../pipelines/training/gradient-boosting/losses/index.ts";
import { categories, classification, numbers, seeded } from "../tables.ts";
import { mixedTable } from "./random-tables.ts";
import { trainAndProve, trainOn } from "./training.ts";

test.each([
  { title: "two classes", codes: [0, 0, 0, 1], classes: 2, weights: [4 / 6, 2] },
  { title: "three equal classes", codes: [0, 1, 2], classes: 3, weights: [1, 1, 1] },
  { title: "a class without rows", codes: [0, 0, 0, 2], classes: 3, weights: [4 / 6, 1, 2] },
])("balanced weights of $title are scikit-learn's", ({ codes, classes, weights }) => {
  expect(balancedWeights(Float64Array.from(codes), classes)).toEqual(weights);
});

test("losses and derivatives are multiplied by the weight of the row's class", () => {
  const plain = lossOf({ name: "logistic" });
  const rows = {
    rows: 2,
    targets: Float64Array.of(1, 0),
    scores: Float64Array.of(0.4, -2),
    probabilities: new Float64Array(2),
  };
  const read = (loss: typeof plain) => {
    const [losses, gradients, hessians] = [new Float64Array(2), new Float64Array(2), new Float64Array(2)];
    loss.observe(rows, 0, 2, losses);
    loss.derivatives(rows, 0, 0, 2, gradients, hessians);
    return [losses, gradients, hessians];
  };
  const expected = read(plain).map((values) => Float64Array.of(values[0]! * 3, values[1]! * 0.5));
  expect(read(withClassWeights(plain, [0.5, 3]))).toEqual(expected);
});

test("balanced classes start from equal scores", () => {
  const codes = Float64Array.of(0, 0, 0, 1);
  const weights = balancedWeights(codes, 2);
  expect(lossOf({ name: "logistic", weights }).start(codes).base[0]).toBeCloseTo(0, 12);
  const { base } = lossOf({ name: "softmax", classes: 2, weights }).start(codes);
  expect(base[0]).toBeCloseTo(base[1]!, 12);
});

/** Rows of which 1 in 30 is of the class "rare"; what is known of them says little. */
function rareTable(rows: number) {
  const random = seeded(3);
  const isRare = Array.from({ length: rows }, () => random() < 1 / 30);
  const x = isRare.map((rare) => random() + (rare ? 0.3 : 0));
  const color = isRare.map((rare) => (random() < (rare ? 0.7 : 0.4) ? "red" : "blue"));
  return classification(
    [numbers("x", x), categories("color", color)],
    isRare.map((rare) => (rare ? "rare" : "usual")),
  );
}

test("balanced classes are found as often as each other", async () => {
  const table = rareTable(6000);
  const recall = async (params: { class_weight?: string }) => {
    const { values } = (await trainAndProve(table, { trees: 20, max_leaves: 4, ...params })).predict(table.features);
    if (table.target.task !== "classification") throw new Error("The table is one for classification.");
    const rare = table.target.classes.indexOf("rare");
    const rows = [...table.target.codes.keys()].filter(
      (row) => (table.target as { codes: Int32Array }).codes[row] === rare,
    );
    return rows.filter((row) => values[2 * row + rare]! > 0.5).length / rows.length;
  };
  expect(await recall({})).toBeLessThan(0.4);
  expect(await recall({ class_weight: "balanced" })).toBeGreaterThan(0.7);
});

test("balanced weights of classes that have as many rows change nothing", async () => {
  const random = seeded(4);
  const x = Array.from({ length: 400 }, () => random());
  const table = classification(
    [numbers("x", x)],
    x.map((_, row) => `class ${row % 4}`),
  );
  const [plain, balanced] = [await trainOn(table), await trainOn(table, { class_weight: "balanced" })];
  expect(Buffer.from(balanced.onnx).equals(Buffer.from(plain.onnx))).toBe(true);
});

test("the bytes are the same with 1 and with 3 threads", async () => {
  const table = mixedTable(260_000, "classes");
  const params = { trees: 2, class_weight: "balanced" };
  const [one, three] = [await trainOn(table, params, 1), await trainOn(table, params, 3)];
  expect(Buffer.from(three.onnx).equals(Buffer.from(one.onnx))).toBe(true);
});

test("a regression has no classes to balance", async () => {
  await expect(trainOn(mixedTable(100), { class_weight: "balanced" })).rejects.toThrow(
    "class_weight is balanced, but the task is regression, which has no classes.",
  );
});
