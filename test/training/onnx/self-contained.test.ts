import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { OnnxGraph, regressionHead } from "../../../pipelines/training/onnx/graph.ts";
import { notSelfContained } from "../../../pipelines/training/onnx/self-contained.ts";
import { openModel } from "../../../pipelines/training/onnx/session.ts";
import { numbers } from "../tables.ts";
import { encode, external, gatherModel } from "./hostile-models.ts";

const inW = `the weights "W" lie in the file "weights.bin" (external data), outside of the model's hash`;
const node = (...attribute: object[]) => ({ op_type: "If", attribute });
const inGraph = (graph: object) => encode("ModelProto", { graph });
const body = { initializer: [external] };

const hidden: readonly [string, Uint8Array][] = [
  ["an initialiser", gatherModel(external)],
  ["the values of a sparse initialiser", inGraph({ sparse_initializer: [{ values: external }] })],
  ["the indices of a sparse initialiser", inGraph({ sparse_initializer: [{ indices: external }] })],
  ["a tensor attribute", inGraph({ node: [node({ t: external })] })],
  ["a list of tensors", inGraph({ node: [node({ tensors: [{ name: "a" }, external] })] })],
  ["a sparse attribute", inGraph({ node: [node({ sparse_tensor: { values: external } })] })],
  ["a list of sparse tensors", inGraph({ node: [node({ sparse_tensors: [{ indices: external }] })] })],
  ["the body of an If", inGraph({ node: [node({ g: body })] })],
  ["a list of graphs", inGraph({ node: [node({ graphs: [{}, body] })] })],
  [
    "the body of a Scan in a Loop in an If",
    inGraph({ node: [node({ g: { node: [node({ g: { node: [node({ g: body })] } })] } })] }),
  ],
  ["a function", encode("ModelProto", { functions: [{ node: [node({ t: external })] }] })],
  ["a function's default attribute", encode("ModelProto", { functions: [{ attribute_proto: [{ t: external }] }] })],
  ["the initialisation of training", encode("ModelProto", { training_info: [{ initialization: body }] })],
  ["the algorithm of training", encode("ModelProto", { training_info: [{ algorithm: body }] })],
  ["a tensor without the mark", gatherModel({ ...external, data_location: 0 })],
  ["a second graph, which is merged with the first", Buffer.concat([gatherModel({ name: "V" }), inGraph(body)])],
];

test.each(hidden)("external data in %s is refused", (_, onnx) => {
  expect(notSelfContained(onnx)).toBe(inW);
});

test.each([
  ["no entry", 1],
  ["another number that is one in 32 bits", 2 ** 32 + 1],
  ["a place that there is not", 7],
])("a tensor marked as external with %s is refused", (_, data_location) => {
  const onnx = gatherModel({ name: "W", dims: [4], data_type: 1, data_location });
  expect(notSelfContained(onnx)).toBe(
    `the weights "W" lie in another file (external data), outside of the model's hash`,
  );
});

test("a mark that is taken back later is refused", () => {
  const tensor = Buffer.concat([encode("TensorProto", { name: "W", data_location: 1 }), Buffer.from([0x70, 0])]);
  const graph = Buffer.concat([Buffer.from([0x2a, tensor.length]), tensor]);
  const onnx = Buffer.concat([Buffer.from([0x3a, graph.length]), graph]);
  expect(notSelfContained(onnx)).toContain("external data");
});

test("an operator that loads a file is refused", () => {
  const onnx = inGraph({ node: [{ op_type: "EPContext", domain: "com.microsoft" }] });
  expect(notSelfContained(onnx)).toBe("it has the operator EPContext, which loads another file");
});

function nestedGraphs(levels: number): Uint8Array {
  const around = (field: number, inner: Uint8Array) => {
    const size: number[] = [];
    for (let left = inner.length; size.length === 0 || left > 0; left >>>= 7)
      size.push((left & 127) | (left > 127 ? 128 : 0));
    return Buffer.concat([Buffer.from([(field << 3) | 2, ...size]), inner]);
  };
  let graph: Uint8Array = encode("GraphProto", body);
  for (let level = 0; level < levels; level++) graph = around(1, around(5, around(6, graph)));
  return around(7, graph);
}

test("30 bodies in one another are read, 1,000 are refused", () => {
  expect(notSelfContained(nestedGraphs(30))).toBe(inW);
  expect(notSelfContained(nestedGraphs(1000))).toBe(
    "it is not an ONNX file: its messages are nested more than 100 deep",
  );
});

test.each([
  ["text", Buffer.from("onnx of rent"), "it is not an ONNX file: invalid wire type 7 at offset 1"],
  [
    "a message longer than the file",
    Buffer.from([0x3a, 0x7f, 0]),
    "it is not an ONNX file: a message at byte 2 is longer than",
  ],
  [
    "a message longer than its parent",
    Buffer.from([0x3a, 3, 0x0a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    "is longer than what holds it",
  ],
  [
    "a string that ends in the next message",
    Buffer.from([0x3a, 2, 0x12, 3, 0, 0, 0]),
    "a message ends at byte 7 instead of 4",
  ],
  ["a group", Buffer.from([0x3b, 0x3c]), "it is not an ONNX file: there is a group at byte 1, and ONNX has none"],
  ["a number that never ends", Buffer.alloc(1000, 0xff), "it is not an ONNX file: invalid tag encoding"],
])("%s is refused", (_, onnx, problem) => {
  expect(notSelfContained(onnx)).toContain(problem);
});

test("bytes cut off or changed anywhere end in an answer", () => {
  const whole = gatherModel(external);
  for (let at = 0; at < whole.length; at++) {
    notSelfContained(whole.subarray(0, at));
    for (const value of [0, 0x7f, 0x80, 0xff]) notSelfContained(Uint8Array.from(whole).fill(value, at, at + 1));
  }
});

test("a model with its weights inside passes, and texts that look like marks are texts", () => {
  const inside = { name: "W", dims: [4], data_type: 1, raw_data: new Uint8Array(16) };
  expect(notSelfContained(gatherModel(inside))).toBeNull();
  const likeMarks = Buffer.from(external.name + encode("TensorProto", external)).toString("latin1");
  expect(notSelfContained(inGraph({ doc_string: likeMarks, initializer: [inside] }))).toBeNull();
  const graph = new OnnxGraph("own");
  regressionHead(graph, graph.input({ name: "x", kind: "number" }));
  expect(notSelfContained(graph.serialize())).toBeNull();
});

test("a model is not opened where a file with its weights lies, which ONNX Runtime would read", async () => {
  const onnx = gatherModel(external);
  const signature = { features: [{ name: "x", kind: "number" as const }], classes: [] };
  await expect(openModel(onnx, signature)).rejects.toThrow(`The model (${onnx.length} bytes) cannot be used: ${inW}.`);
  // The danger is real: ONNX Runtime itself takes the weights out of the folder where it runs.
  const folder = mkdtempSync(join(tmpdir(), "mergeml-external-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "weights.bin"), Float32Array.of(5, 6, 7, 8));
  writeFileSync(join(folder, "model.onnx"), onnx);
  const runtime = import.meta.resolve("onnxruntime-node");
  const script = `
    const { default: ort } = await import(${JSON.stringify(runtime)});
    const session = await ort.InferenceSession.create("model.onnx");
    const feeds = { x: new ort.Tensor("float32", [2], [1, 1]) };
    console.log((await session.run(feeds)).prediction.data[0]);`;
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: folder, encoding: "utf8" });
  expect(said.trim()).toBe("7");
  const inside = gatherModel({
    name: "W",
    dims: [4],
    data_type: 1,
    raw_data: new Uint8Array(Float32Array.of(5, 6, 7, 8).buffer),
  });
  const opened = await openModel(inside, signature);
  expect([...(await opened.predict([numbers("x", [2])])).values]).toEqual([7]);
  await opened.close();
});
