import { expect, test } from "vitest";
import { recordOutline } from "../../pipelines/registry/record-shape.ts";

const record = {
  format: 1,
  files: { "model.onnx": { size: 1 }, 'a "quoted" name': { size: 2 } },
  candidate: {
    curves: { rounds: [1, 2], name: '\n    "pictures": {\n    }' },
    id: "c-1",
    config: { slices: [{ by: "cut" }], curves: [1] },
  },
  evaluation: {
    metrics: [{ metric: "rmse", candidate: 1.5 }],
    pictures: { counts: "1 2" },
    bins: [],
    slices: [[1], [2]],
    explanations: null,
  },
};
const kept = new Set(["config", "metrics"]);

test("an outline is the record but for what nobody keeps", () => {
  const outline = JSON.parse(recordOutline(Buffer.from(JSON.stringify(record, null, 2)), kept));
  expect(outline).toEqual({
    ...record,
    files: { ...record.files, "model.onnx": null },
    candidate: { ...record.candidate, curves: null },
    evaluation: { ...record.evaluation, pictures: null, slices: null },
  });
});

test("a record that is written in another way is left as it is", () => {
  const text = JSON.stringify(record);
  expect(recordOutline(Buffer.from(text), kept)).toBe(text);
  const cut = JSON.stringify(record, null, 2).slice(0, 60);
  expect(recordOutline(Buffer.from(cut), kept)).toBe(cut);
});
