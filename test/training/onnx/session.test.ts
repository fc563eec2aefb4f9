import { afterEach, expect, test } from "vitest";
import type { FeatureSpec } from "../../../pipelines/data/table.ts";
import { UserError } from "../../../pipelines/errors/expected-error.ts";
import { attr, classificationHead, OnnxGraph, regressionHead } from "../../../pipelines/training/onnx/graph.ts";
import { openModel, type ScoringModel } from "../../../pipelines/training/onnx/session.ts";
import { categories, numbers } from "../tables.ts";

const SIZE: FeatureSpec = { name: "size", kind: "number" };
const CITY: FeatureSpec = { name: "city", kind: "category" };

/** size + 100 for Paris. */
function sum(features: readonly FeatureSpec[] = [SIZE, CITY]): OnnxGraph {
  const graph = new OnnxGraph("sum");
  const terms = features.map((feature) => {
    const input = graph.input(feature);
    if (feature.kind !== "category") return input;
    const table = {
      keys_strings: attr.strings(["Paris"]),
      values_floats: attr.floats([100]),
      default_float: attr.float(0),
    };
    return graph.node("LabelEncoder", [input], table, { domain: "ai.onnx.ml" })[0]!;
  });
  regressionHead(graph, graph.node("Sum", terms)[0]!);
  return graph;
}

const open: ScoringModel[] = [];
async function opened(graph: OnnxGraph, features: readonly FeatureSpec[], classes: readonly string[] = []) {
  const model = await openModel(graph.serialize(), { features, classes });
  open.push(model);
  return model;
}
afterEach(() => Promise.all(open.splice(0).map((model) => model.close())));

test("columns are matched by name, whatever their order, and others are ignored", async () => {
  const model = await opened(sum(), [SIZE, CITY]);
  const columns = [categories("city", ["Paris", "", "Rome"]), numbers("noise", [9, 9, 9]), numbers("size", [1, 2, 3])];
  expect(await model.predict(columns)).toEqual({ rows: 3, classes: [], values: Float32Array.of(101, 2, 3) });
});

test("a boolean column feeds a number input, as 0 and 1", async () => {
  const model = await opened(sum([SIZE]), [SIZE]);
  const { values } = await model.predict([{ name: "size", kind: "boolean", values: Float32Array.of(0, 1) }]);
  expect([...values]).toEqual([0, 1]);
});

test.each([0, 1, 4096, 4097, 20_001])("%i rows are scored in batches, each row as by itself", async (rows) => {
  const model = await opened(sum(), [SIZE, CITY]);
  const sizes = Array.from({ length: rows }, (_, i) => i);
  const cities = sizes.map((i) => (i % 3 === 0 ? "Paris" : `city ${i % 7}`));
  const { values } = await model.predict([numbers("size", sizes), categories("city", cities)]);
  expect(values.length).toBe(rows);
  expect(values.every((value, i) => value === i + (i % 3 === 0 ? 100 : 0))).toBe(true);
});

test("a view into a larger array is read from its own offset", async () => {
  const model = await opened(sum([SIZE]), [SIZE]);
  const values = Float32Array.of(1, 2, 3, 4).subarray(2);
  expect([...(await model.predict([{ name: "size", kind: "number", values }])).values]).toEqual([3, 4]);
});

test("a classifier gives probabilities by row", async () => {
  const graph = new OnnxGraph("classifier");
  classificationHead(graph, graph.input(SIZE), ["no", "yes"]);
  const model = await opened(graph, [SIZE], ["no", "yes"]);
  const { classes, values } = await model.predict([numbers("size", [0, 50])]);
  expect(classes).toEqual(["no", "yes"]);
  expect([...values].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([0.5, 0.5, 0, 1]);
});

test("every missing or wrong column is named", async () => {
  const model = await opened(sum(), [SIZE, CITY]);
  const missing = model.predict([numbers("city", [1])]);
  await expect(missing).rejects.toThrow(UserError);
  await expect(missing).rejects.toThrow(
    /needs the column "size", which is missing\.\nThe model needs "city" as a category, but the column is a number/,
  );
});

test("a text with a null character, which ONNX Runtime would cut, is refused", async () => {
  const model = await opened(sum(), [SIZE, CITY]);
  const columns = [numbers("size", [1]), categories("city", ["Paris\0!"])];
  await expect(model.predict(columns)).rejects.toThrow('The column "city" has a text with a null character');
});

test("columns of different lengths are refused", async () => {
  const model = await opened(sum(), [SIZE, CITY]);
  await expect(model.predict([numbers("size", [1, 2]), categories("city", ["a"])])).rejects.toThrow(
    /different lengths: 2, 1/,
  );
});

test.each([
  ["an empty file", new Uint8Array()],
  ["garbage", Uint8Array.of(1, 2, 3)],
  ["a cut file", sum().serialize().subarray(0, 100)],
  ["a page of text", new TextEncoder().encode("version https://git-lfs.github.com/spec/v1")],
])("%s is a clear error", async (_title, bytes) => {
  const error = await openModel(bytes, { features: [], classes: [] }).catch((each: unknown) => each);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).toMatch(
    /(ONNX Runtime cannot load the model|The model) \(\d+ bytes\)(: .| cannot be used: .)/,
  );
});

test.each<[string, readonly FeatureSpec[], readonly string[], RegExp]>([
  ["lacks an input", [SIZE, CITY, { name: "age", kind: "number" }], [], /there is no input "age"/],
  ["has one more", [SIZE], [], /no feature feeds city: string \[N, 1\]/],
  ["has another type", [SIZE, { name: "city", kind: "number" }], [], /city: string \[N, 1\] is not float32 \[N, 1\]/],
  ["is of another task", [SIZE, CITY], ["a", "b"], /no output `probabilities` \(prediction: float32 \[N, 1\]\)/],
])("a model that %s than its signature is refused", async (_title, features, classes, message) => {
  await expect(openModel(sum().serialize(), { features, classes })).rejects.toThrow(message);
});

test("a model with another number of classes is refused", async () => {
  const graph = new OnnxGraph("classifier");
  classificationHead(graph, graph.input(SIZE), ["no", "yes"]);
  const signature = { features: [SIZE], classes: ["a", "b", "c"] };
  await expect(openModel(graph.serialize(), signature)).rejects.toThrow(
    /probabilities: float32 \[N, 2\] is not float32 \[N, 3\]/,
  );
});
