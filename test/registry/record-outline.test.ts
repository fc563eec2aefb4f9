import { expect, test } from "vitest";
import { recordOutline } from "../../pipelines/registry/record-outline.ts";

const record = {
  format: 1,
  candidate: {
    curves: { rounds: [1, 2], name: '\n    "pictures": {\n    }' },
    id: "c-1",
    config: { slices: [{ by: "cut" }] },
  },
  evaluation: {
    metrics: [{ metric: "rmse", candidate: 1.5 }],
    pictures: { counts: "1 2" },
    bins: [],
    slices: [[1], [2]],
    explanations: null,
  },
};

test("an outline is the record but for what is drawn of one version alone", () => {
  const outline = JSON.parse(recordOutline(Buffer.from(JSON.stringify(record, null, 2))));
  expect(outline).toEqual({
    ...record,
    candidate: { ...record.candidate, curves: null },
    evaluation: { ...record.evaluation, pictures: null, slices: null },
  });
});

test("a record that is written in another way is left as it is", () => {
  const text = JSON.stringify(record);
  expect(recordOutline(Buffer.from(text))).toBe(text);
  const cut = JSON.stringify(record, null, 2).slice(0, 100);
  expect(recordOutline(Buffer.from(cut))).toBe(cut);
});
