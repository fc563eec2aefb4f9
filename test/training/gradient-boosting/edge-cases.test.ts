import { expect, test } from "vitest";
import type { Table } from "../../../pipelines/data/table.ts";
import { UserError } from "../../../pipelines/errors/expected-error.ts";
import { categories, classification, numbers, regression, seeded } from "../tables.ts";
import { mixedTable } from "./random-tables.ts";
import { rmseOf, trainAndProve, trainOn } from "./training.ts";

const few = { trees: 5, min_rows_per_leaf: 1 };
const row = Array.from({ length: 100 }, (_, index) => index);

const tables: [string, Table][] = [
  ["one row", regression([numbers("x", [1])], [5])],
  ["one row with a category", regression([categories("c", ["a"])], [5])],
  ["one feature", regression([numbers("x", row)], row)],
  [
    "an all-missing column",
    regression(
      [
        numbers(
          "x",
          row.map(() => null),
        ),
        numbers("z", row),
      ],
      row,
    ),
  ],
  [
    "nothing but missing values",
    regression(
      [
        numbers(
          "x",
          row.map(() => null),
        ),
      ],
      row,
    ),
  ],
  [
    "constant features",
    regression(
      [
        numbers(
          "x",
          row.map(() => 3),
        ),
        categories(
          "c",
          row.map(() => "a"),
        ),
      ],
      row,
    ),
  ],
  [
    "a constant target",
    regression(
      [numbers("x", row)],
      row.map(() => 42),
    ),
  ],
  [
    "huge values",
    regression(
      [
        numbers(
          "x",
          row.map((i) => (i % 2 === 0 ? 3e38 : -3e38)),
        ),
      ],
      row.map((i) => (i % 2) * 3e38),
    ),
  ],
  [
    "tiny values",
    regression(
      [
        numbers(
          "x",
          row.map((i) => i * 1e-40),
        ),
      ],
      row.map((i) => i * 1e-38),
    ),
  ],
  [
    "infinities",
    regression(
      [
        numbers(
          "x",
          row.map((i) => [-Infinity, 0, Infinity][i % 3]!),
        ),
      ],
      row.map((i) => i % 3),
    ),
  ],
  [
    "a class with one row",
    classification(
      [numbers("x", row)],
      row.map((i) => (i === 7 ? "a" : "b")),
    ),
  ],
  [
    "more classes than rows that help",
    classification(
      [numbers("x", row)],
      row.map((i) => `class ${i % 20}`),
    ),
  ],
];

test.each(tables)("trains on %s", async (_title, table) => {
  const model = await trainAndProve(table, few);
  expect(model.importance.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
  expect(model.predict(table.features).values.every(Number.isFinite)).toBe(true);
});

test.each([2, 3])("a class without rows gets a small probability (%i classes)", async (classes) => {
  const names = ["a", "b", "c"].slice(0, classes);
  const codes = Int32Array.from(row, (i) => i % (classes - 1));
  const table: Table = {
    rows: 100,
    features: [numbers("x", row)],
    target: { task: "classification", codes, classes: names },
  };
  const { values } = await trainAndProve(table, few).then((model) => model.predict(table.features));
  for (let i = 0; i < 100; i++) expect(values[i * classes + classes - 1]!).toBeLessThan(0.02);
});

test("fewer rows than a leaf may have: the mean is predicted", async () => {
  const table = regression([numbers("x", row)], row);
  const model = await trainAndProve(table, { min_rows_per_leaf: 51 });
  expect([...new Set(model.predict(table.features).values)]).toEqual([49.5]);
  expect(model.importance).toEqual([{ feature: "x", share: 1 }]);
});

test.each([
  ["infinities", [-Infinity, 0, Infinity]],
  ["the largest numbers", [-3.4e38, 0, 3.4e38]],
  ["denormals", [0, 1.4e-45, 2.8e-45]],
  ["neighbouring numbers", [1, 1 + 2 ** -23, 1 + 2 ** -22]],
])("tells %s apart", async (_title, values) => {
  const table = regression(
    [
      numbers(
        "x",
        row.map((i) => values[i % 3]!),
      ),
    ],
    row.map((i) => i % 3),
  );
  const model = await trainAndProve(table, { ...few, learning_rate: 1, trees: 20 });
  expect(rmseOf(model, table)).toBeLessThan(1e-6);
});

test("10,000 categories, with and without several classes", async () => {
  const random = seeded(3);
  const rows = 30_000;
  const codes = Array.from({ length: rows }, () => Math.floor(random() * 10_000));
  const features = [
    categories(
      "id",
      codes.map((code) => `id ${code}`),
    ),
  ];
  const params = { trees: 10, min_rows_per_leaf: 2, learning_rate: 0.5, categories_smoothing: 1 };
  const table = regression(
    features,
    codes.map((code) => code % 7),
  );
  expect(rmseOf(await trainAndProve(table, params), table)).toBeLessThan(1);
  await trainAndProve(
    classification(
      features,
      codes.map((code) => `class ${code % 3}`),
    ),
    params,
  );
});

test("2,000 columns", async () => {
  const random = seeded(4);
  const columns = Array.from({ length: 2000 }, (_, index) =>
    numbers(
      `x${index}`,
      Array.from({ length: 200 }, () => random()),
    ),
  );
  const table = regression(columns, [...columns[1234]!.values]);
  const model = await trainAndProve(table, { trees: 5 });
  const best = model.importance.reduce((a, b) => (b.share > a.share ? b : a));
  expect(best.feature).toBe("x1234");
});

test("levels that the split does not use, and columns in another order, are no obstacle", async () => {
  const table = mixedTable(300);
  const model = await trainOn(table, few);
  const city = table.features[2]!;
  if (city.kind !== "category") throw new Error("The third column is a category.");
  const wider = { ...city, levels: ["!", ...city.levels], codes: city.codes.map((code) => code + 1) };
  const again = model.predict([wider, table.features[1]!, table.features[0]!]);
  expect(again.values).toEqual(model.predict(table.features).values);
});

test("a missing column is named", async () => {
  const table = mixedTable(50);
  const model = await trainOn(table, few);
  expect(() => model.predict(table.features.slice(1))).toThrow('The model needs the column "x", which is missing.');
});

test.each([
  ["no rows", regression([numbers("x", [])], []), {}, "The train split has no rows."],
  ["no features", regression([], [1, 2]), {}, "There are no features to train on."],
  [
    "one class",
    classification([numbers("x", [1, 2])], ["a", "a"]),
    {},
    "A classifier needs two classes; the target has 1.",
  ],
  [
    "a target beyond float32",
    regression([numbers("x", [1, 2])], [1, 1e39]),
    {},
    "A target is larger than a float32 can hold",
  ],
  [
    "no rows to validate with",
    regression([numbers("x", [1])], [1]),
    { early_stopping: 5 },
    /early_stopping has . rows to train on and . to validate with/,
  ],
])("%s is the user's error", async (_title, table, params, message) => {
  const training = trainOn(table, params);
  await expect(training).rejects.toThrow(UserError);
  await expect(training).rejects.toThrow(message);
});
