import { setImmediate } from "node:timers/promises";
import { InferenceSession } from "onnxruntime-node";
import { describe, expect, it, vi } from "vitest";
import type { FeatureColumn } from "../../../pipelines/data/table.ts";
import { readEnsembles } from "../../../pipelines/training/onnx/ensembles.ts";
import { openForestModel } from "../../../pipelines/training/onnx/forest-model.ts";
import { openForest } from "../../../pipelines/training/onnx/forest-scorer.ts";
import { attr, OnnxGraph, regressionHead } from "../../../pipelines/training/onnx/graph.ts";
import { one } from "../../../pipelines/training/onnx/nodes.ts";
import { type ModelSignature, openModel } from "../../../pipelines/training/onnx/session.ts";
import { builtIn, rowsOf, tasks, trainWith } from "../every-trainer.ts";
import { categories, signatureOf } from "../tables.ts";

const many = 40_000;

/** Scores of ONNX Runtime and of the forest, as bytes; the second call has more rows than either takes to be worth it. */
async function bothWays(onnx: Uint8Array, signature: ModelSignature, features: readonly FeatureColumn[]) {
  const models = [await openModel(onnx, signature), await openForestModel(onnx, signature)];
  const scores = await Promise.all(models.map((model) => model.predict(features)));
  await Promise.all(models.map((model) => model.close()));
  return scores.map(({ values }) => Buffer.from(values.buffer).toString("hex"));
}

/** Values that trees may not have seen: missing, infinite, of no known level. */
function strangeRows(task: (typeof tasks)[number]): FeatureColumn[] {
  const [x, wide] = rowsOf(many, task, 3).features;
  const strange = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e-42, 3e38];
  if (x?.kind === "number") for (let row = 0; row < many; row += 7) x.values[row] = strange[row % strange.length]!;
  const texts = Array.from({ length: many }, (_, row) =>
    row % 3 === 0 ? "Bonn" : row % 5 === 0 ? "" : row % 7 === 0 ? "Köln" : `city ${row % 900}`,
  );
  const city = categories("city", texts);
  city.codes[7] = -1;
  return [x!, wide!, city];
}

describe("a forest that is walked without ONNX Runtime", () => {
  it.each(tasks)("gives the same bits: %s", async (task) => {
    const table = rowsOf(2000, task);
    const { model } = await trainWith("gradient-boosting", table, { trees: 60 });
    const ensembles = readEnsembles(model.onnx);
    expect(ensembles!.parts.flat()).toHaveLength(task === "three classes" ? 180 : 60);
    expect(openForest(ensembles!)).not.toBeNull();
    const [theirs, ours] = await bothWays(model.onnx, signatureOf(table), strangeRows(task));
    expect(ours === theirs).toBe(true);
    // What follows the sum of a regression changes nothing.
    const sums = () => Buffer.from(openForest(ensembles!)!.sums(strangeRows(task)).buffer).toString("hex");
    if (task === "regression") expect(sums() === theirs).toBe(true);
  });

  it("takes over from ONNX Runtime within some calls, and only where there is memory for it", async () => {
    const table = rowsOf(2000, "regression");
    const { model } = await trainWith("gradient-boosting", table, { trees: 60 });
    const theirs = await openModel(model.onnx, signatureOf(table));
    const run = vi.spyOn((InferenceSession as unknown as { prototype: InferenceSession }).prototype, "run");
    for (const memory of [true, false]) {
      const none = vi.spyOn(WebAssembly, "Memory").mockImplementation(function refuse() {
        throw new RangeError("could not allocate memory");
      });
      if (memory) none.mockRestore();
      const ours = await openForestModel(model.onnx, signatureOf(table));
      const rows = strangeRows("regression").map((each): FeatureColumn => {
        if (each.kind === "category") return { ...each, codes: each.codes.slice(0, 1000) };
        return { ...each, values: each.values.slice(0, 1000) };
      });
      const expected = await theirs.predict(rows);
      const score = async () => expect((await ours.predict(rows)).values).toEqual(expected.values);
      for (let call = 0; call < 50; call++) await score();
      if (!memory) await setImmediate(); // what there is no memory for has been tried by then
      await vi.waitFor(async () => {
        run.mockClear();
        await score();
        expect(run).toHaveBeenCalledTimes(memory ? 0 : 1);
      }, 30_000);
      await ours.close();
      none.mockRestore();
    }
    await theirs.close();
    run.mockRestore();
  });

  it.each(builtIn.filter(({ type }) => type !== "gradient-boosting"))(
    "is not found in $type",
    async ({ type, params }) => {
      const { model } = await trainWith(type, rowsOf(300, "regression"), params);
      expect(readEnsembles(model.onnx)).toBeNull();
    },
  );
});

describe("a graph of others with an ensemble", () => {
  const signature: ModelSignature = { features: [{ name: "x", kind: "number" }], classes: [] };
  const columns: FeatureColumn[] = [
    { name: "x", kind: "number", values: Float32Array.from({ length: many }, (_, row) => (row % 11) - 5) },
  ];
  const stump = {
    ...{ n_targets: attr.int(1), aggregate_function: attr.string("SUM"), post_transform: attr.string("NONE") },
    ...{ nodes_treeids: attr.ints([0, 0, 0]), nodes_nodeids: attr.ints([0, 1, 2]) },
    nodes_featureids: attr.ints([0, 0, 0]),
    nodes_modes: attr.strings(["BRANCH_LEQ", "LEAF", "LEAF"]),
    nodes_values: attr.floats([0.5, 0, 0]),
    ...{ nodes_truenodeids: attr.ints([1, 0, 0]), nodes_falsenodeids: attr.ints([2, 0, 0]) },
    nodes_missing_value_tracks_true: attr.ints([0, 0, 0]),
    ...{ target_treeids: attr.ints([0, 0]), target_nodeids: attr.ints([1, 2]), target_ids: attr.ints([0, 0]) },
  };
  type Attributes = typeof stump;

  it.each<[string, Partial<Attributes> & Record<string, unknown>, boolean]>([
    ["as ours", {}, true],
    ["another comparison", { nodes_modes: attr.strings(["BRANCH_LT", "LEAF", "LEAF"]) }, false],
    ["a mean", { aggregate_function: attr.string("AVERAGE") }, false],
    ["a probability", { post_transform: attr.string("PROBIT") }, false],
    ["a base of its own", { base_values: attr.floats([3]) }, false],
    ["a circle", { nodes_truenodeids: attr.ints([0, 0, 0]) }, false],
    ["leaves that share a value's place", { target_nodeids: attr.ints([1, 1]) }, false],
    ["a target that is not there", { target_ids: attr.ints([0, 4]) }, false],
    ["nodes out of order", { nodes_nodeids: attr.ints([0, 2, 1]) }, false],
  ])("is taken apart only where its meaning is known: %s", async (name, changed, isOurs) => {
    const graph = new OnnxGraph("stump");
    const attributes = { ...stump, ...changed } as Attributes;
    const input = graph.input(signature.features[0]!);
    // The order of their addition decides the last digit.
    const parts = [1, 1e-7, 3e4, 0.3].map((size) => {
      const target_weights = attr.floats([size / 3, -size / 7]);
      const sized = { ...attributes, target_weights };
      return one(graph.node("TreeEnsembleRegressor", [input], sized, { domain: "ai.onnx.ml" }));
    });
    const base = graph.constant("base", { type: "float", dims: [1, 1], data: [0.25] });
    regressionHead(graph, one(graph.node("Sum", [...parts, base])));
    const onnx = graph.serialize();
    expect(readEnsembles(onnx) !== null).toBe(isOurs);
    if (!["as ours", "another comparison", "a base of its own"].includes(name)) return;
    const [theirs, ours] = await bothWays(onnx, signature, columns);
    expect(ours === theirs).toBe(true);
  });
});
