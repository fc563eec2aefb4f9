import { describe, expect, it } from "vitest";
import type { FeatureColumn } from "../../../pipelines/data/table.ts";
import { attr, OnnxGraph, regressionHead } from "../../../pipelines/training/onnx/graph.ts";
import { one } from "../../../pipelines/training/onnx/nodes.ts";
import { type ModelSignature, openLevelModel, openModel } from "../../../pipelines/training/onnx/session.ts";
import { codesInput, levelsInput, withTextLevels } from "../../../pipelines/training/onnx/text-levels.ts";
import { builtIn, rowsOf, tasks, trainWith } from "../every-trainer.ts";
import { categories, numbers, signatureOf } from "../tables.ts";

/** Scores of both ways to feed texts, as bytes. */
async function bothWays(onnx: Uint8Array, signature: ModelSignature, features: readonly FeatureColumn[]) {
  const models = [await openModel(onnx, signature), await openLevelModel(onnx, signature)];
  const scores = await Promise.all(models.map((model) => model.predict(features)));
  await Promise.all(models.map((model) => model.close()));
  return scores.map(({ values }) => Buffer.from(values.buffer).toString("hex"));
}

const cases = builtIn.flatMap(({ type, params }) => tasks.map((task) => ({ type, params, task })));

describe("texts that cross as levels and codes", () => {
  it.each(cases)("give the same bits: $type, $task", async ({ type, params, task }) => {
    const table = rowsOf(300, task);
    const { model } = await trainWith(type, table, params);
    const [x, wide] = rowsOf(5000, task, 2).features;
    const texts = Array.from({ length: 5000 }, (_, row) =>
      row % 3 === 0 ? "Bonn" : row % 5 === 0 ? "" : `city ${row}`,
    );
    const city = categories("city", texts);
    // As a request has a missing category: no level at all.
    city.codes[7] = -1;
    const [values, levels] = await bothWays(model.onnx, signatureOf(table), [x!, wide!, city]);
    expect(levels).toBe(values);
  });

  const signature: ModelSignature = {
    features: [
      { name: "size", kind: "number" },
      { name: "city", kind: "category" },
    ],
    classes: [],
  };
  const bonn = {
    keys_strings: attr.strings(["Bonn"]),
    values_floats: attr.floats([100]),
    default_float: attr.float(1),
  };
  const encoded = (graph: OnnxGraph, texts: string) =>
    one(graph.node("LabelEncoder", [texts], bonn, { domain: "ai.onnx.ml" }));
  const columns = [numbers("size", [1, 2, 3, 4]), categories("city", ["Bonn", "", "Ulm", "Bonn"])];

  it.each<[string, (graph: OnnxGraph, city: string) => string]>([
    ["by another operator", (graph, city) => encoded(graph, one(graph.node("Identity", [city])))],
    ["by two encoders", (graph, city) => one(graph.node("Add", [encoded(graph, city), encoded(graph, city)]))],
    [
      "by an encoder and another operator",
      (graph, city) =>
        one(graph.node("Add", [encoded(graph, city), encoded(graph, one(graph.node("Identity", [city])))])),
    ],
    ["by nothing", (graph) => graph.constant("one", { type: "float", dims: [1], data: [1] })],
  ])("are read %s", async (_, read) => {
    const graph = new OnnxGraph("texts");
    const [size, city] = signature.features.map((feature) => graph.input(feature));
    regressionHead(graph, one(graph.node("Add", [size!, read(graph, city!)])));
    const [values, levels] = await bothWays(graph.serialize(), signature, columns);
    expect(levels).toBe(values);
  });

  it("are no concern of a model without them, and of one that has inputs of these names the file is used as it is", async () => {
    const graph = new OnnxGraph("taken");
    const features = ["city", levelsInput("city"), codesInput("city")].map((name) => ({
      name,
      kind: "category" as const,
    }));
    const inputs = features.map((feature) => encoded(graph, graph.input(feature)));
    regressionHead(graph, one(graph.node("Sum", inputs)));
    const onnx = graph.serialize();
    expect(withTextLevels(onnx, [])).toBeNull();
    expect(withTextLevels(onnx, ["no such input"])).toBeNull();
    const own = features.map(({ name }) => categories(name, ["Bonn", "Ulm"]));
    const [values, levels] = await bothWays(onnx, { features, classes: [] }, own);
    expect(levels).toBe(values);
  });

  it("are checked against the features as before", async () => {
    const graph = new OnnxGraph("wrong");
    regressionHead(graph, encoded(graph, graph.input({ name: "city", kind: "category" })));
    const onnx = graph.serialize();
    const messageOf = (opened: Promise<unknown>) => opened.catch((error: Error) => error.message);
    expect(await messageOf(openLevelModel(onnx, signature))).toBe(await messageOf(openModel(onnx, signature)));
  });
});
