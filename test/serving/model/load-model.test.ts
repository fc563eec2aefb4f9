import { InferenceSession } from "onnxruntime-node";
import { expect, it, vi } from "vitest";
import { silentLog } from "../../../pipelines/ports/host.ts";
import type { VersionRecord } from "../../../pipelines/registry/version-record.ts";
import { loadModel } from "../../../pipelines/serving/model/load-model.ts";
import type { RowBatch, RowColumn } from "../../../pipelines/serving/served-model.ts";
import { openScoringThreads } from "../../../pipelines/serving/threads/scoring-threads.ts";
import { OnnxGraph, regressionHead } from "../../../pipelines/training/onnx/graph.ts";
import { one } from "../../../pipelines/training/onnx/nodes.ts";
import { openModel } from "../../../pipelines/training/onnx/session.ts";
import { rowsOf, trainWith } from "../../training/every-trainer.ts";
import { signatureOf } from "../../training/tables.ts";

const placement = { by: "ada", since: "2026-11-20T14:12:00Z", why: null };

it("walks the trees of a forest that is asked often, and what it says of a row stays the same bits", async () => {
  const table = rowsOf(2000, "regression");
  const { features, classes } = signatureOf(table);
  const { model: trained } = await trainWith("gradient-boosting", table, { trees: 30 });
  const candidate = { features, classes, config: { features: { key: [] } } };
  const record = { model: "rent", version: 1, candidate } as unknown as VersionRecord;
  await using threads = openScoringThreads({ most: 1, log: silentLog });
  const served = await loadModel(record, trained.onnx, placement as never, threads);
  const reference = await openModel(trained.onnx, { features, classes });
  const expected = (await reference.predict(table.features)).values;
  const batch = (from: number, rows: number): RowBatch => ({
    ...{ rows, keys: null },
    columns: table.features.map((column): RowColumn => {
      if (column.kind === "category") return { ...column, codes: column.codes.slice(from, from + rows) };
      return { ...column, values: Float64Array.from(column.values.subarray(from, from + rows)) };
    }),
  });
  const same = async (from: number, rows: number) =>
    expect((await served.score(batch(from, rows))).values).toEqual(expected.slice(from, from + rows));
  const large = async () => {
    for (let call = 0; call < 20; call++) await same(0, 2000);
  };
  const small = async () => {
    for (let call = 0; call < 130; call++) await same((call % 7) * 250, 250);
  };
  await Promise.all([large(), small()]);
  const run = vi.spyOn((InferenceSession as unknown as { prototype: InferenceSession }).prototype, "run");
  await vi.waitFor(async () => {
    run.mockClear();
    for (let row = 0; row < 50; row++) await same(row, 1);
    expect(run).not.toHaveBeenCalled();
  }, 30_000);
  run.mockRestore();
  await Promise.all([served.retire(), reference.close()]);
});

/** 8 × the number, with 66 MiB of weights. */
function largeModel(): Uint8Array {
  const [graph, size] = [new OnnxGraph("large"), 4160];
  const [wide] = graph.node("MatMul", [
    graph.input({ name: "x", kind: "number" }),
    graph.constant("first", { type: "float", dims: [1, size], data: new Float32Array(size).fill(1) }),
  ]);
  const [mixed] = graph.node("MatMul", [
    wide!,
    graph.constant("all", { type: "float", dims: [size, size], data: new Float32Array(size * size).fill(8 / size) }),
  ]);
  const mean = new Float32Array(size).fill(1 / size);
  regressionHead(
    graph,
    one(graph.node("MatMul", [mixed!, graph.constant("mean", { type: "float", dims: [size, 1], data: mean })])),
  );
  return graph.serialize();
}

it("loads and scores a large model in a thread alone, so that nobody waits for it", async () => {
  await using threads = openScoringThreads({ most: 1, log: silentLog });
  const candidate = { features: [{ name: "x", kind: "number" }], classes: [], config: { features: { key: [] } } };
  const record = { model: "large", version: 1, candidate } as unknown as VersionRecord;
  const bytes = largeModel();
  expect(bytes.length).toBeGreaterThan(64 * 2 ** 20);
  const created = vi.spyOn(InferenceSession, "create");
  const served = await loadModel(record, bytes, placement as never, threads);
  const score = async (...values: number[]) => {
    const columns: RowColumn[] = [{ name: "x", kind: "number", values: Float64Array.from(values) }];
    return (await served.score({ rows: values.length, keys: null, columns })).values;
  };
  const said = await Promise.all([score(1), score(2, 3), score(...new Array<number>(300).fill(4))]);
  expect(said.map((values) => [...values].map((each) => Math.round(each)))).toEqual([
    [8],
    [16, 24],
    new Array(300).fill(32),
  ]);
  await served.retire();
  await expect(loadModel(record, bytes.fill(7, 100, 4000), placement as never, threads)).rejects.toThrow(
    /large|model/i,
  );
  expect(created).not.toHaveBeenCalled();
  created.mockRestore();
});
