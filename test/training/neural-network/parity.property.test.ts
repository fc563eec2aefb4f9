import fc from "fast-check";
import { expect, test } from "vitest";
import type { FeatureColumn } from "../../../pipelines/data/table.ts";
import { ACTIVATIONS } from "../../../pipelines/training/neural-network/network.ts";
import { categories, classification, numbers, regression } from "../tables.ts";
import { train } from "./training.ts";

const text = fc.string({ unit: "binary", maxLength: 6 }).filter((each) => !each.includes("\0"));
const number = fc.oneof(
  fc.float({ noDefaultInfinity: true, noNaN: true }),
  fc.integer({ min: 1990, max: 2010 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1e9, 1e9 + 64),
);

function values<T>(of: fc.Arbitrary<T>, count: number): fc.Arbitrary<T[]> {
  return fc.array(of, { minLength: count, maxLength: count });
}

const tables = fc.integer({ min: 1, max: 30 }).chain((rows) => {
  const column = fc.oneof(
    values(number, rows).map(
      (each) =>
        (name: string): FeatureColumn =>
          numbers(name, each),
    ),
    values(text, rows).map(
      (each) =>
        (name: string): FeatureColumn =>
          categories(name, each),
    ),
  );
  return fc.record({
    columns: fc.array(column, { minLength: 1, maxLength: 5 }),
    target: values(fc.double({ min: -1e6, max: 1e6, noNaN: true }), rows),
    labels: values(fc.constantFrom("x", "y", "zü", ""), rows),
    params: fc.record({
      hidden: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 3 }),
      activation: fc.constantFrom(...ACTIVATIONS),
      dropout: fc.constantFrom(0, 0.5),
      max_categories: fc.constantFrom(2, 3, 200),
      early_stopping: fc.constantFrom(0, 1),
      epochs: fc.constantFrom(1, 3),
    }),
  });
});

// Training itself compares with ONNX Runtime, on the given rows and on odd ones, and throws where they differ.
test("any table trains, and predicts the same in ONNX Runtime", async () => {
  await fc.assert(
    fc.asyncProperty(tables, async ({ columns, target, labels, params }) => {
      const features = columns.map((make, i) => make(`column ${i}`));
      const several = new Set(labels).size > 1;
      const table = several ? classification(features, labels) : regression(features, target);
      const { model } = await train(table, { params });
      expect(model.predict(features).values.every(Number.isFinite)).toBe(true);
      await train(regression(features, target), { params });
    }),
    { numRuns: 60 },
  );
});
