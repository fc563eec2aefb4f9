import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { UserError } from "../../../pipelines/errors/expected-error.ts";
import { attr, classificationHead, OnnxGraph, regressionHead } from "../../../pipelines/training/onnx/graph.ts";

const floats = (values: readonly number[]) => new ort.Tensor("float32", Float32Array.from(values), [values.length, 1]);
const strings = (values: readonly string[]) => new ort.Tensor("string", [...values], [values.length, 1]);

/** An identity regression of one number. */
function identity(column: string): OnnxGraph {
  const graph = new OnnxGraph("identity");
  regressionHead(graph, graph.input({ name: column, kind: "number" }));
  return graph;
}

async function run(graph: OnnxGraph, feeds: Record<string, ort.Tensor>): Promise<Record<string, ort.Tensor>> {
  const session = await ort.InferenceSession.create(graph.serialize());
  const outputs = await session.run(feeds);
  await session.release();
  return outputs as Record<string, ort.Tensor>;
}

test("ONNX Runtime runs a regression graph with every kind of tensor and attribute", async () => {
  const graph = new OnnxGraph("every kind");
  const x = graph.input({ name: "x", kind: "number" });
  const city = graph.input({ name: "city", kind: "category" });
  const zero = graph.constant("zero", { type: "float", dims: [], data: [0] });
  const [missing] = graph.node("IsNaN", [x]);
  const no = graph.constant("no", { type: "bool", dims: [1], data: [false] });
  const [reallyMissing] = graph.node("Or", [missing!, no]);
  const [filled] = graph.node("Where", [reallyMissing!, zero, x]);
  const [value] = graph.node(
    "LabelEncoder",
    [city],
    {
      keys_strings: attr.strings(["Zürich", ""]),
      values_floats: attr.floats([100, 200]),
      default_float: attr.float(-1),
    },
    { domain: "ai.onnx.ml" },
  );
  const [sum] = graph.node("Add", [filled!, value!]);
  const shape = graph.constant("shape", { type: "int64", dims: [2], data: [-1, 1] });
  const [reshaped] = graph.node("Reshape", [sum!, shape]);
  const two = { type: "float", dims: [1], data: new Float32Array([2]) } as const;
  const [factor] = graph.node("Constant", [], { value: attr.tensor(two) });
  const [product] = graph.node("Mul", [reshaped!, factor!]);
  const [transposed] = graph.node("Transpose", [product!], { perm: attr.ints([0, 1]) });
  regressionHead(graph, transposed!);

  const { prediction } = await run(graph, { x: floats([1, Number.NaN, 3]), city: strings(["Zürich", "", "Ulm"]) });
  expect(prediction!.dims).toEqual([3, 1]);
  expect([...(prediction!.data as Float32Array)]).toEqual([202, 400, 4]);
});

test("a binary head gives label [N,1] and probabilities [N,2]; a tie goes to the first class", async () => {
  const graph = new OnnxGraph("binary");
  classificationHead(graph, graph.input({ name: "logit", kind: "number" }), ["no", "yes"]);
  const { label, probabilities } = await run(graph, { logit: floats([0, Math.log(3), -Math.log(3)]) });
  expect(label!.dims).toEqual([3, 1]);
  expect(label!.data).toEqual(["no", "yes", "no"]);
  expect(probabilities!.dims).toEqual([3, 2]);
  const expected = [0.5, 0.5, 0.25, 0.75, 0.75, 0.25];
  for (const [i, p] of (probabilities!.data as Float32Array).entries()) expect(p).toBeCloseTo(expected[i]!, 6);
});

test("a head of k classes is a softmax; a tie goes to the first class", async () => {
  const graph = new OnnxGraph("three");
  const logits = ["a", "b", "c"].map((name) => graph.input({ name, kind: "number" }));
  classificationHead(graph, graph.node("Concat", logits, { axis: attr.int(1) })[0]!, ["x", "y", "z"]);
  const feeds = { a: floats([0, 0]), b: floats([0, Math.log(2)]), c: floats([0, 0]) };
  const { label, probabilities } = await run(graph, feeds);
  expect(label!.data).toEqual(["x", "y"]);
  expect(probabilities!.dims).toEqual([2, 3]);
  expect((probabilities!.data as Float32Array)[4]).toBeCloseTo(0.5, 6);
});

test("the same calls give the same bytes", () => {
  expect(Buffer.from(identity("x").serialize()).equals(identity("x").serialize())).toBe(true);
});

test.each(['Aircraft: Make "Model"', "$1", "日本語 🚀", "input#0", "_Neg#0", "Neg#0", "'; DROP--", " ", "a\nb"])(
  "a column may be named %j",
  async (name) => {
    const graph = new OnnxGraph("names");
    const inputs = [name, "plain"].map((each) => graph.input({ name: each, kind: "number" }));
    const [minus] = graph.node("Neg", [graph.constant("Neg", { type: "float", dims: [1], data: [1] })]);
    regressionHead(graph, graph.node("Sum", [...inputs, minus!])[0]!);
    const { prediction } = await run(graph, { [name]: floats([5]), plain: floats([7]) });
    expect([...(prediction!.data as Float32Array)]).toEqual([11]);
  },
);

test.each([
  ["prediction", /`prediction` has the name of one of the model's outputs/],
  ["label", /`label` has the name of one of the model's outputs/],
  ["probabilities", /`probabilities` has the name of one of the model's outputs/],
  ["", /name is empty/],
  ["a\0b", /null character/],
])("a column named %j is refused", (name, message) => {
  expect(() => identity(name)).toThrow(UserError);
  expect(() => identity(name)).toThrow(message);
});

test.each<[string, (graph: OnnxGraph) => unknown, RegExp]>([
  ["an unknown tensor", (graph) => graph.node("Neg", ["nothing"]), /Neg reads nothing, which nothing computes/],
  ["an unknown output", (graph) => graph.output("prediction", "float", []), /prediction is not computed by any node/],
  [
    "a badly named output",
    (graph) => graph.node("Neg", [], {}, { outputs: ["score"] }),
    /score is none of the outputs/,
  ],
  [
    "an input twice",
    (graph) => ["a", "a"].map((name) => graph.input({ name, kind: "number" })),
    /already has an input/,
  ],
  ["one class", (graph) => classificationHead(graph, "", ["only"]), /needs two classes, not 1/],
])("%s is a bug that shows at once", (_title, build, message) => {
  expect(() => build(new OnnxGraph("bug"))).toThrow(message);
});

test("data that does not fill its dimensions is refused", () => {
  const graph = identity("x");
  graph.constant("weights", { type: "float", dims: [2, 3], data: [1] });
  expect(() => graph.serialize()).toThrow(/has 1 values, but \[2,3\] needs 6/);
});
