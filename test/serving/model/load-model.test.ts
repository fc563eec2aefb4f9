import { InferenceSession } from "onnxruntime-node";
import { expect, it, vi } from "vitest";
import { silentLog } from "../../../pipelines/ports/log.ts";
import type { VersionRecord } from "../../../pipelines/registry/version-record.ts";
import { loadModel } from "../../../pipelines/serving/model/load-model.ts";
import type { RowBatch, RowColumn } from "../../../pipelines/serving/row-batch.ts";
import { openScoringThreads } from "../../../pipelines/serving/threads/scoring-threads.ts";
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
