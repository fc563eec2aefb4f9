import { expect, test } from "vitest";
import type { Table } from "../../../pipelines/data/table.ts";
import { openModel } from "../../../pipelines/training/onnx/session.ts";
import { categories, classification, numbers, regression, signatureOf } from "../tables.ts";
import { prices, train } from "./training.ts";

const rows = Array.from({ length: 40 }, (_, i) => i);
const params = { epochs: 3 };

const odd: [string, Table][] = [
  ["one row", regression([numbers("x", [3]), categories("c", ["a"])], [5])],
  ["one row with early stopping", regression([numbers("x", [3])], [5])],
  ["two rows", regression([numbers("x", [3, 4])], [5, 6])],
  [
    "one category only",
    regression(
      [
        categories(
          "c",
          rows.map((i) => `level ${i % 3}`),
        ),
      ],
      rows,
    ),
  ],
  [
    "all missing",
    regression(
      [
        numbers(
          "x",
          rows.map(() => null),
        ),
        categories(
          "c",
          rows.map(() => ""),
        ),
      ],
      rows,
    ),
  ],
  [
    "constant features",
    regression(
      [
        numbers(
          "x",
          rows.map(() => 0.1),
        ),
        numbers("y", rows),
      ],
      rows,
    ),
  ],
  [
    "a constant target",
    regression(
      [numbers("x", rows)],
      rows.map(() => 1e12),
    ),
  ],
  [
    "infinities",
    regression(
      [
        numbers(
          "x",
          rows.map((i) => [Infinity, -Infinity, i][i % 3]!),
        ),
      ],
      rows,
    ),
  ],
  [
    "huge and tiny numbers",
    regression(
      [
        numbers(
          "x",
          rows.map((i) => i * 8e36),
        ),
        numbers(
          "y",
          rows.map((i) => i * 1e-40),
        ),
      ],
      rows,
    ),
  ],
  [
    "one wild value",
    regression(
      [
        numbers(
          "x",
          rows.map((i) => (i === 7 ? 3e38 : i)),
        ),
      ],
      rows,
    ),
  ],
  [
    "a huge target",
    regression(
      [numbers("x", rows)],
      rows.map((i) => (i - 20) * 1e306),
    ),
  ],
  [
    "a tiny target",
    regression(
      [numbers("x", rows)],
      rows.map((i) => i * 1e-30),
    ),
  ],
  [
    "a class without rows",
    {
      ...classification(
        [numbers("x", rows)],
        rows.map((i) => `${i % 2}`),
      ),
      target: { task: "classification", codes: Int32Array.from(rows, (i) => i % 2), classes: ["0", "1", "2"] },
    },
  ],
];

test.each(odd)("%s: trains to finite predictions, the same in ONNX", async (title, table) => {
  const early_stopping = title.endsWith("early stopping") ? 2 : 0;
  const { model } = await train(table, { params: { ...params, early_stopping, class_weight: "balanced" } });
  expect(model.predict(table.features).values.every(Number.isFinite)).toBe(true);
  expect(model.importance.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 10);
});

test("a constant target is predicted exactly", async () => {
  const { model } = await train(
    regression(
      [numbers("x", rows)],
      rows.map(() => 0.1),
    ),
    { params },
  );
  expect(new Set(model.predict([numbers("x", [-1e30, null, 3])]).values)).toEqual(new Set([Math.fround(0.1)]));
});

test("ten thousand categories are pooled, and each predicts; so do unseen ones", async () => {
  const names = Array.from({ length: 12_000 }, (_, i) => (i < 10_000 ? `city ${i}` : `city ${i % 100}`));
  const table = regression(
    [categories("city", names)],
    names.map((_, i) => i % 100),
  );
  const { model } = await train(table, { params: { epochs: 1, max_categories: 150, hidden: [8] } });
  const { values } = model.predict([categories("city", ["city 5", "city 5000", "city 6000", "nowhere"])]);
  expect(values[1]).toBe(values[2]);
  expect(values.every(Number.isFinite)).toBe(true);
});

test("two thousand columns", async () => {
  const features = Array.from({ length: 2000 }, (_, f) =>
    numbers(
      `x${f}`,
      rows.map((i) => (i * (f + 1)) % 17),
    ),
  );
  const { model, parity } = await train(regression(features, rows), { params: { epochs: 2, hidden: [16] } });
  expect(parity.rows).toBeGreaterThan(40);
  expect(model.importance).toHaveLength(2000);
});

test("a hundred thousand rows with missing and unseen values predict the same in ONNX Runtime", async () => {
  const { model } = await train(prices(500), { params: { epochs: 3 } });
  const count = 100_000;
  const asked = [
    numbers(
      "x",
      Array.from({ length: count }, (_, i) => (i % 7 === 0 ? null : ((i * 37) % 1000) / 100 - 5)),
    ),
    numbers(
      "far",
      Array.from({ length: count }, (_, i) => (i % 11 === 0 ? null : 1e9 + ((i * 53) % 4096))),
    ),
    categories(
      "city",
      Array.from({ length: count }, (_, i) => ["Rome", "Oslo", "", "Lima", "Paris"][i % 5]!),
    ),
  ];
  const session = await openModel(model.onnx, signatureOf(prices(1)));
  const shipped = (await session.predict(asked)).values;
  await session.close();
  const largest = model
    .predict(asked)
    .values.reduce((most, own, i) => Math.max(most, Math.abs(own - shipped[i]!) / Math.abs(own)), 0);
  expect(largest).toBeLessThan(1e-5);
});

const wrong: [string, Table, string][] = [
  ["no rows", regression([numbers("x", [])], []), "The train split has no rows, so there is nothing to learn."],
  ["no features", regression([], [1, 2]), "There are no features to train on."],
  [
    "one class",
    classification([numbers("x", [1, 2])], ["a", "a"]),
    'A classifier needs at least two classes, but the train split has only "a".',
  ],
];

test.each(wrong)("%s is the user's error", async (_, table, message) => {
  await expect(train(table)).rejects.toMatchObject({ name: "UserError", message });
});

test("a loss that runs away is the user's error, with the epoch and a lower learning rate", async () => {
  const training = train(prices(200), { params: { optimizer: "sgd", learning_rate: 10, epochs: 30 } });
  await expect(training).rejects.toMatchObject({
    name: "UserError",
    message: expect.stringMatching(
      /^Training diverged in epoch \d+ of 30: the loss is not a finite number any more\.$/,
    ),
    problems: [{ key: "params.learning_rate", hint: "Lower `params.learning_rate`, e.g. from 10 to 1." }],
  });
});

test("a network that does not fit into memory is refused before it starts", async () => {
  const training = train(prices(100), { params: { hidden: [8192, 8192] } });
  await expect(training).rejects.toMatchObject({
    name: "UserError",
    message: expect.stringMatching(
      /^A network with 7 inputs, hidden layers of \[8192, 8192\] and 100 rows a step needs about \d+ MB, more than 1024\.$/,
    ),
    problems: [{ hint: "Lower `params.hidden`, `params.batch_size` or `params.max_categories`." }],
  });
});
