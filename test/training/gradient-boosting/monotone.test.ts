import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../../pipelines/config/canonical-json.ts";
import type { FeatureColumn, NumberColumn, Table } from "../../../pipelines/data/table.ts";
import type { TrainedModel } from "../../../pipelines/training/trainer.ts";
import { categories, classification, numbers, regression } from "../tables.ts";
import { mixedTable } from "./random-tables.ts";
import { rmseOf, trainAndProve, trainOn } from "./training.ts";

const cell = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 12 }) },
);
const row = fc.record({
  up: cell,
  down: cell,
  free: cell,
  city: fc.constantFrom("Bonn", "Ulm", ""),
  target: fc.integer({ min: 0, max: 30 }),
});

type Row = { up: number | null; down: number | null; free: number | null; city: string; target: number };

function featuresOf(rows: readonly Row[]): FeatureColumn[] {
  return [
    numbers(
      "up",
      rows.map(({ up }) => up),
    ),
    numbers(
      "down",
      rows.map(({ down }) => down),
    ),
    numbers(
      "free",
      rows.map(({ free }) => free),
    ),
    categories(
      "city",
      rows.map(({ city }) => city),
    ),
  ];
}

function tableOf(rows: readonly Row[], task: string): Table {
  const features = featuresOf(rows);
  if (task !== "binary") {
    return regression(
      features,
      rows.map(({ target }) => target + 1),
    );
  }
  const table = classification(
    features,
    rows.map(({ target }) => (target > 14 ? "yes" : "no")),
  );
  const codes = Int32Array.from(rows, ({ target }) => Number(target > 14));
  return { ...table, target: { task: "classification", codes, classes: ["no", "yes"] } };
}

const steps = Array.from({ length: 27 }, (_, index) => index / 2 - 0.25);

/** Predictions, or the second class's probability, of a row as one of its columns rises. */
function along(model: TrainedModel, name: "up" | "down", example: Row): number[] {
  const { values, classes } = model.predict(featuresOf(steps.map((value) => ({ ...example, [name]: value }))));
  return steps.map((_, step) => (classes.length === 0 ? values[step]! : values[2 * step + 1]!));
}

test.each<[string, Record<string, Json>]>([
  ["squared", {}],
  ["poisson", { loss: "poisson" }],
  ["binary", {}],
  ["absolute", { loss: "absolute" }],
  ["huber", { loss: "huber", huber_delta: 3 }],
  ["quantile", { loss: "quantile", quantile: 0.8 }],
  ["absolute on a part of the rows", { loss: "absolute", subsample: 0.5 }],
  ["squared with early stopping", { early_stopping: 1, validation_share: 0.2 }],
])("%s: whatever the rows, predictions only rise and only fall as they may", async (task, loss) => {
  const params = {
    ...{ trees: 6, max_leaves: 8, min_rows_per_leaf: 1, learning_rate: 0.7 },
    ...{ ...loss, monotone: { up: "increasing", down: "decreasing" } },
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 20, maxLength: 80 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (rows, l1) => {
        const model = await trainAndProve(tableOf(rows, task), { ...params, l1, l2: 1 - l1 });
        for (const example of rows.slice(0, 15)) {
          const rising = along(model, "up", example);
          expect([...rising].sort((a, b) => a - b)).toEqual(rising);
          const falling = along(model, "down", example);
          expect([...falling].sort((a, b) => b - a)).toEqual(falling);
        }
      },
    ),
    { numRuns: 25 },
  );
});

/** A target that rises with x, but for its noise, and waves with y. */
function risingTable(): Table {
  const random = mixedTable(2000);
  const [x, y] = random.features as unknown as [NumberColumn, NumberColumn];
  return regression(
    [
      numbers("x", [...x.values]),
      numbers(
        "y",
        [...y.values].map((value) => (Number.isNaN(value) ? null : value)),
      ),
    ],
    [...x.values].map((value, index) => 5 * value + Math.sin(value * 40 + index) + 3 * ((y.values[index]! || 2) % 3)),
  );
}

test.each([{ loss: "squared" }, { loss: "absolute" }, { loss: "huber" }, { loss: "quantile" }])(
  "$loss: a constraint that is true costs little, and one that is false much",
  async ({ loss }) => {
    const table = risingTable();
    const rmse = async (monotone: Record<string, string>) => rmseOf(await trainOn(table, { loss, monotone }), table);
    const free = await rmse({});
    expect(await rmse({ x: "increasing" })).toBeLessThan(free * 1.5);
    expect(await rmse({ x: "decreasing" })).toBeGreaterThan(free * 5);
  },
);

test.each([{ loss: "squared" }, { loss: "absolute" }])(
  "the bytes are the same with 1 and with 3 threads: $loss",
  async ({ loss }) => {
    const table = mixedTable(260_000);
    const params = { trees: 3, loss, monotone: { x: "increasing", y: "decreasing" } };
    const [one, three] = [await trainOn(table, params, 1), await trainOn(table, params, 3)];
    expect(Buffer.from(three.onnx).equals(Buffer.from(one.onnx))).toBe(true);
  },
);

const small = mixedTable(60);

test.each<{ title: string; table: Table; params: Record<string, Json>; message: string; hint: string }>([
  {
    title: "a misspelt column",
    table: regression([numbers("carat", [1, 2]), numbers("depth", [1, 2])], [1, 2]),
    params: { monotone: { carrat: "increasing" } },
    message: 'monotone names the column "carrat", which is no feature.',
    hint: 'Did you mean "carat"?',
  },
  {
    title: "an unknown column",
    table: small,
    params: { monotone: { something: "increasing" } },
    message: 'monotone names the column "something", which is no feature.',
    hint: "The columns of numbers are x, y.",
  },
  {
    title: "a category",
    table: small,
    params: { monotone: { city: "decreasing" } },
    message: 'monotone names the column "city", which has categories: they have no order.',
    hint: "Name columns of numbers only.",
  },
  {
    title: "several classes",
    table: mixedTable(60, "classes"),
    params: { monotone: { x: "increasing" } },
    message: "monotone is for numbers and two classes; the target has 3 classes.",
    hint: "Remove monotone.",
  },
])("$title is refused", async ({ table, params, message, hint }) => {
  await expect(trainOn(table, params)).rejects.toMatchObject({ message, problems: [{ hint }] });
});
