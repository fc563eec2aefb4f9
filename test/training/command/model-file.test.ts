import { describe, expect, test } from "vitest";
import { OnnxGraph, regressionHead } from "../../../pipelines/training/onnx/graph.ts";
import { categories, classification, numbers, regression } from "../tables.ts";
import { failure, flats, graded, makeProgram, sound, soundClassifier } from "./programs.ts";

const copyOf = (from: string) => `import * as fs from "node:fs"; fs.copyFileSync("${from}", "model.onnx");`;

describe("what the program leaves as model.onnx is refused when it is", () => {
  test.each([
    ["nothing", "", /ended well, but wrote no model\.onnx\. The folder has: columns\.json, fit\.mjs, params\.json/],
    ["a link", 'fs.symlinkSync("prepared.onnx", "model.onnx")', /cannot be used: it is a link\./],
    ["a link to nowhere", 'fs.symlinkSync("nowhere", "model.onnx")', /cannot be used: it is a link\./],
    ["a hard link", 'fs.linkSync("prepared.onnx", "model.onnx")', /cannot be used: it has a second name/],
    ["a folder", 'fs.mkdirSync("model.onnx")', /cannot be used: it is a folder\./],
    ["empty", 'fs.writeFileSync("model.onnx", "")', /cannot be used: it is empty\./],
    [
      "huge",
      'fs.writeFileSync("model.onnx", ""); fs.truncateSync("model.onnx", 2 ** 30 + 1)',
      /it has 1,073,741,825 bytes; at most 1,073,741,824\./,
    ],
    [
      "no model",
      'fs.writeFileSync("model.onnx", "not a model")',
      /\(11 bytes\) cannot be used: it is not an ONNX file: .+/,
    ],
    [
      "the half of a model",
      'fs.writeFileSync("model.onnx", fs.readFileSync("prepared.onnx").subarray(0, 150))',
      /cannot be used: it is not an ONNX file/,
    ],
  ])("%s", async (_title, script, told) => {
    using program = makeProgram(`import * as fs from "node:fs"; ${script};`);
    expect((await failure(program)).message).toMatch(told);
  });

  test("a pipe, without waiting for it", async () => {
    using program = makeProgram("", { "fit.sh": "mkfifo model.onnx\n" });
    const { message } = await failure(program, { params: { run: ["sh", "fit.sh"] } });
    expect(message).toContain("cannot be used: it is not a plain file.");
  });
});

/** A graph for the features of `flats` that passes `size` on through 2^62 rounds of a Loop, as onnx.helper writes it. */
const endless = Buffer.from(
  [
    "CAg6jQIKnQEKBHRyaXAKBGNvbmQKBHNpemUSCnByZWRpY3Rpb24iBExvb3AqdwoEYm9keTJsChIKAmNpEgJjbyIISWRlbnRpdHkK",
    "EgoCdmkSAnZvIghJZGVudGl0eRIBYloLCgFpEgYKBAgHEgBaDAoCY2kSBgoECAkSAFoKCgJ2aRIECgIIAWIMCgJjbxIGCgQICRIA",
    "YgoKAnZvEgQKAggBoAEFEgFnKhMQBzoJgICAgICAgIBAQgR0cmlwKgsQCSoBAUIEY29uZFoUCgRzaXplEgwKCggBEgYKAAoCCAFa",
    "FAoEY2l0eRIMCgoICBIGCgAKAggBYhoKCnByZWRpY3Rpb24SDAoKCAESBgoACgIIAUIECgAQEQ==",
  ].join(""),
  "base64",
);

/** A graph with one input `input` [N, 2], as converters write it. */
function oneMatrix(): Uint8Array {
  const table = regression([numbers("input", [1, 2])], [1, 2]);
  return sound(table);
}

describe("a model that breaks the contract is told with what was expected and found", () => {
  test("one input for all features: the error shows how to give each its own", async () => {
    using program = makeProgram(copyOf("prepared.onnx"), { "prepared.onnx": oneMatrix() });
    const { message, hint } = await failure(program);
    expect(message).toBe(
      'The program\'s model.onnx is not what was asked for: there is no input "size"; there is no input "city"; ' +
        'no feature feeds the input "input" float32 [N, 1].',
    );
    expect(hint).toContain(
      'initial_types=[("size", FloatTensorType([None, 1])), ("city", StringTensorType([None, 1])), …]',
    );
    expect(hint).toContain('inputs "size" float32 [N, 1], "city" string [N, 1]; outputs "prediction" float32 [N, 1]');
  });

  test("a category as a number", async () => {
    const wrong = regression([numbers("size", [1]), numbers("city", [1])], [1]);
    using program = makeProgram(copyOf("prepared.onnx"), { "prepared.onnx": sound(wrong) });
    expect((await failure(program)).message).toContain('the input "city" float32 [N, 1] is not string [N, 1]');
  });

  test("a classifier where a number is to be predicted", async () => {
    using program = makeProgram(copyOf("prepared.onnx"), { "prepared.onnx": soundClassifier(["a", "b"]) });
    expect((await failure(program)).message).toContain(
      'there is no output "prediction" (there is "label" string [N, 1], "probabilities" float32 [N, 2])',
    );
  });

  test("another number of classes", async () => {
    using program = makeProgram(copyOf("prepared.onnx"), { "prepared.onnx": soundClassifier(["a", "b", "c"]) });
    const { message, hint } = await failure(program, { table: graded });
    expect(message).toContain('the output "probabilities" float32 [N, 3] is not float32 [N, 2]');
    expect(hint).toContain("zipmap=False");
  });
});

describe("a model that is not sound is told with the row that shows it", () => {
  test("a missing number that becomes NaN", async () => {
    const graph = new OnnxGraph("passes NaN on");
    regressionHead(graph, graph.input({ name: "size", kind: "number" }));
    graph.input({ name: "city", kind: "category" });
    using program = makeProgram(copyOf("prepared.onnx"), { "prepared.onnx": graph.serialize() });
    const { message, hint } = await failure(program);
    expect(message).toBe(
      "The program's model.onnx is not sound: it gives NaN, and predictions are finite numbers. " +
        'That is for the row { "size": NaN, "city": "" }.',
    );
    expect(hint).toContain("the graph itself must impute and encode");
  });

  test("labels that are not the classes", async () => {
    using program = makeProgram(copyOf("prepared.onnx"), { "prepared.onnx": soundClassifier(["0", "1"]) });
    expect((await failure(program, { table: graded })).message).toContain(
      'its label is "1", and the classes are "cheap", "dear"',
    );
  });

  test("classes in another order", async () => {
    using program = makeProgram(copyOf("prepared.onnx"), { "prepared.onnx": soundClassifier(["dear", "cheap"]) });
    expect((await failure(program, { table: graded })).message).toContain(
      'its label is "cheap", but the highest probability is in column 1, of "dear"',
    );
  });

  test("probabilities that do not sum to 1", async () => {
    const graph = new OnnxGraph("twice");
    const size = graph.input({ name: "size", kind: "number" });
    const [missing] = graph.node("IsNaN", [size]);
    const half = graph.constant("half", { type: "float", dims: [1, 2], data: Float32Array.of(0.7, 0.9) });
    graph.node("Where", [missing!, half, half], {}, { outputs: ["probabilities"] });
    const names = graph.constant("names", { type: "string", dims: [1, 1], data: ["dear"] });
    graph.node("Where", [missing!, names, names], {}, { outputs: ["label"] });
    graph.output("label", "string", ["N", 1]);
    graph.output("probabilities", "float", ["N", 2]);
    const table = classification([numbers("size", [50, null])], ["cheap", "dear"]);
    using program = makeProgram(copyOf("prepared.onnx"), { "prepared.onnx": graph.serialize() });
    expect((await failure(program, { table })).message).toContain(
      "its probabilities are 0.7000, 0.9000, and should sum to 1",
    );
  });

  test("a loop without an end", async () => {
    using program = makeProgram("", { "prepared.onnx": endless });
    const params = { run: ["cp", "prepared.onnx", "model.onnx"], timeout_minutes: 0.05 };
    const { message, hint } = await failure(program, { params });
    expect(message).toBe("The program's model.onnx did not score some 20,000 rows in 3 seconds.");
    expect(hint).toContain("a loop in its graph may have no end");
  });

  test("more memory than there is", async () => {
    const graph = new OnnxGraph("huge");
    const size = graph.input({ name: "size", kind: "number" });
    const edge = graph.constant("edge", { type: "int64", dims: [2], data: [2 ** 20, 2 ** 20] });
    const [table] = graph.node("ConstantOfShape", [edge]);
    const [sum] = graph.node("ReduceSum", [table!]);
    regressionHead(graph, graph.node("Add", [size, sum!])[0]!);
    graph.input({ name: "city", kind: "category" });
    using program = makeProgram(copyOf("prepared.onnx"), { "prepared.onnx": graph.serialize() });
    const { message, hint } = await failure(program);
    expect(message).toMatch(/^The program's model\.onnx runs out of memory: .+ 4398046511104/s);
    expect(hint).toContain("mostly by a wrong shape");
  });

  test("random numbers", async () => {
    const graph = new OnnxGraph("random");
    const size = graph.input({ name: "size", kind: "number" });
    const [random] = graph.node("RandomUniformLike", [size]);
    regressionHead(graph, random!);
    graph.input({ name: "city", kind: "category" });
    using program = makeProgram(copyOf("prepared.onnx"), { "prepared.onnx": graph.serialize() });
    const { message, hint } = await failure(program);
    expect(message).toMatch(/gives [\d.e-]+ for a row, and [\d.e-]+ for the same row among others\./);
    expect(hint).toContain("export for inference");
  });
});

test("a model of three classes that keeps the contract is taken", async () => {
  const table = classification([numbers("size", [1, 2, 3]), categories("city", ["a", "b", ""])], ["x", "y", "z"]);
  using program = makeProgram(copyOf("prepared.onnx"), { "prepared.onnx": soundClassifier(["x", "y", "z"], table) });
  expect((await program.train({ table })).parity).toMatchObject({ maxRelative: 0 });
});

test("a regression where only ONNX Runtime predicts says so when it is asked", async () => {
  using program = makeProgram(copyOf("prepared.onnx"));
  const { model } = await program.train();
  expect(() => model.predict(flats.features)).toThrow("A program's model is scored by ONNX Runtime alone");
});
