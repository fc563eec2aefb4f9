import { expect, test } from "vitest";
import type { FeatureColumn, FeatureSpec } from "../../../pipelines/data/table.ts";
import { OnnxGraph, regressionHead } from "../../../pipelines/training/onnx/graph.ts";
import { checkParity } from "../../../pipelines/training/onnx/parity.ts";
import { probeRows, rowAt } from "../../../pipelines/training/onnx/probe.ts";
import type { TrainedModel } from "../../../pipelines/training/trainer.ts";

const SIZE: FeatureSpec = { name: "size", kind: "number" };
const signature = { features: [SIZE], classes: [] };
const sizes = (values: readonly number[]): FeatureColumn[] => [
  { ...SIZE, kind: "number", values: Float32Array.from(values) },
];

/** A model whose file doubles a size and takes 7 for one that is not finite; `own` is what its trainer claims. */
function doubling(own: (size: number) => number): TrainedModel {
  const graph = new OnnxGraph("doubling");
  const size = graph.input(SIZE);
  const [nan] = graph.node("IsNaN", [size]);
  const [infinite] = graph.node("IsInf", [size]);
  const [missing] = graph.node("Or", [nan!, infinite!]);
  const seven = graph.constant("seven", { type: "float", dims: [1], data: [7] });
  const [twice] = graph.node("Add", [size, size]);
  regressionHead(graph, graph.node("Where", [missing!, seven, twice!])[0]!);
  return {
    onnx: graph.serialize(),
    importance: [],
    coefficients: [],
    curves: [],
    predict: ([column]) => {
      const values = (column as { values: Float32Array }).values.map((value) => own(value));
      return { rows: values.length, classes: [], values };
    },
  };
}

const right = (size: number) => (Number.isFinite(size) ? 2 * size : 7);

test("equal predictions give a difference of 0, on given and on made-up rows", async () => {
  const parity = await checkParity(doubling(right), sizes([1, 2, 3]), signature);
  // 3 rows, each 4 times with an odd size, and 4 rows in which all is odd.
  expect(parity).toEqual({ maxRelative: 0, rows: 3 + 3 * 4 + 4 });
});

test("at most 20,000 of the rows are scored", async () => {
  const rows = Array.from({ length: 60_000 }, (_, i) => i);
  const { rows: scored } = await checkParity(doubling(right), sizes(rows), signature);
  expect(scored).toBe(20_000 + 16 * 4 + 4);
});

test("a difference within float32 is allowed and measured", async () => {
  const { maxRelative } = await checkParity(
    doubling((size) => right(size) * (1 + 1e-5)),
    sizes([1, 2, 3]),
    signature,
  );
  expect(maxRelative).toBeGreaterThan(1e-6);
  expect(maxRelative).toBeLessThan(1e-4);
});

test.each<[string, (size: number) => number, RegExp]>([
  [
    "a large difference",
    (size) => (size === 3 ? 6.1 : right(size)),
    /: 6 instead of 6\.09.* in row 2 of 19 with \{ "size": 3 \}/,
  ],
  ["an unlike missing value", (size) => (Number.isNaN(size) ? 0 : right(size)), /7 instead of 0 .* "size": NaN/],
  ["an unlike infinity", (size) => (size === -Infinity ? 0 : right(size)), /7 instead of 0 .* "size": -Infinity/],
  ["a prediction that is not a number", (size) => (size === 2 ? Number.NaN : right(size)), /4 instead of NaN in row 1/],
])("%s throws, with the row and its values", async (_title, own, message) => {
  await expect(checkParity(doubling(own), sizes([1, 2, 3]), signature)).rejects.toThrow(message);
});

test("tiny predictions are not excused by their size", async () => {
  const model = doubling((size) => (Number.isFinite(size) ? 2.01 * size : right(size)));
  await expect(checkParity(model, sizes([1e-6, 2e-6]), signature)).rejects.toThrow(/This is a bug of the trainer/);
});

test("made-up rows hold missing, infinite and unseen values", () => {
  const city: FeatureColumn = {
    name: "city",
    kind: "category",
    levels: ["Rome", "never seen in training"],
    codes: Int32Array.of(0, 1),
  };
  const probe = probeRows([...sizes([5, 6]), city]);
  expect(probe.given).toBe(2);
  const rows = Array.from({ length: 2 + 2 * 6 + 4 }, (_, row) => rowAt(probe.features, row));
  expect(rows).toContainEqual({ size: 5, city: "" });
  expect(rows).toContainEqual({ size: 6, city: "never seen in training!" });
  expect(rows).toContainEqual({ size: Number.NaN, city: "Rome" });
  expect(rows).toContainEqual({ size: Number.NEGATIVE_INFINITY, city: "" });
});
