import fc from "fast-check";
import type { FeatureColumn, Table } from "../../../pipelines/data/table.ts";
import { categories, classification, numbers, regression, seeded } from "../tables.ts";

const awkward = [Number.NaN, Infinity, -Infinity, 0, -0, 1e38, -1e38, 1e-38, 1.4e-45, 3.4028234663852886e38];

/** A number column with every kind of float32, some often. */
const numberValues = (rows: number) =>
  fc.array(fc.oneof(fc.constantFrom(...awkward), fc.integer({ min: 0, max: 5 }), fc.float()), {
    minLength: rows,
    maxLength: rows,
  });

/** A category column, null (the empty text) among its levels. */
const categoryValues = (rows: number) =>
  fc.array(fc.constantFrom("", "a", "b", "c", "Köln", "日本", "a b"), { minLength: rows, maxLength: rows });

const columns = (rows: number): fc.Arbitrary<FeatureColumn[]> =>
  fc
    .array(fc.oneof(numberValues(rows), categoryValues(rows)), { minLength: 1, maxLength: 4 })
    .map((all) =>
      all.map((values, index) =>
        typeof values[0] === "string"
          ? categories(`column ${index}`, values as string[])
          : numbers(`column ${index}`, values as number[]),
      ),
    );

/** Tables of up to 60 rows: regression, or classification with 2 to 4 classes. */
export const anyTable: fc.Arbitrary<Table> = fc.integer({ min: 1, max: 60 }).chain((rows) =>
  fc.oneof(
    fc
      .tuple(columns(rows), fc.array(fc.integer({ min: -50, max: 50 }), { minLength: rows, maxLength: rows }))
      .map(([features, targets]) => regression(features, targets)),
    fc
      .tuple(columns(rows), fc.integer({ min: 2, max: 4 }), fc.array(fc.nat(3), { minLength: rows, maxLength: rows }))
      .map(([features, classes, targets]) => {
        const labels = ["a", "b", "c", "d"].slice(0, classes);
        const table = classification(
          features,
          targets.map((target) => labels[target % classes]!),
        );
        // Classes without rows are classes all the same.
        const codes = Int32Array.from(targets, (target) => target % classes);
        return { ...table, target: { task: "classification" as const, codes, classes: labels } };
      }),
  ),
);

/** Rows with numbers, missing numbers and a category, whose target follows from all of them. */
export function mixedTable(rows: number, task: "regression" | "binary" | "classes" = "regression", seed = 1): Table {
  const random = seeded(seed);
  const x = Array.from({ length: rows }, () => random() * 10);
  const y = x.map(() => (random() < 0.2 ? null : Math.floor(random() * 6)));
  const city = x.map(() => ["Bonn", "Köln", "Ulm", "Trier", ""][Math.floor(random() * 5)]!);
  const features = [numbers("x", x), numbers("y", y), categories("city", city)];
  const effect: Record<string, number> = { Bonn: 4, Köln: -2, Ulm: 7, Trier: 0, "": 3 };
  const targets = x.map((value, row) => 3 * Math.sin(value) + (y[row] ?? 10) + effect[city[row]!]! + random());
  if (task === "regression") return regression(features, targets);
  const bounds = task === "binary" ? [7] : [5, 9];
  return classification(
    features,
    targets.map((target) => `class ${bounds.filter((bound) => target > bound).length}`),
  );
}
