import fc from "fast-check";
import { expect, test } from "vitest";
import type { FeatureColumn } from "../../../pipelines/data/table.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { linear } from "../../../pipelines/training/linear/index.ts";
import { openModel } from "../../../pipelines/training/onnx/session.ts";
import { trainModel } from "../../../pipelines/training/train-model.ts";
import { categories, classification, numbers, regression, signatureOf } from "../tables.ts";

const OUTPUTS = ["prediction", "label", "probabilities", ""];
const text = fc.string({ unit: "binary", maxLength: 6 }).filter((each) => !each.includes("\0"));
const name = text.filter((each) => !OUTPUTS.includes(each));
const number = fc.oneof(
  fc.float({ noDefaultInfinity: true, noNaN: true }),
  fc.integer({ min: 1990, max: 2010 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1e9, 1e9 + 64),
);

/** A column's kind and two sets of its values: those of training and those of other rows. */
const column = (rows: number) =>
  fc.oneof(
    fc.record({ kind: fc.constant("number" as const), train: values(number, rows), other: values(number, 5) }),
    fc.record({ kind: fc.constant("category" as const), train: values(text, rows), other: values(text, 5) }),
  );

function values<T>(of: fc.Arbitrary<T>, count: number): fc.Arbitrary<T[]> {
  return fc.array(of, { minLength: count, maxLength: count });
}

const cases = fc.integer({ min: 1, max: 30 }).chain((rows) =>
  fc.record({
    columns: fc.uniqueArray(fc.tuple(name, column(rows)), { minLength: 1, maxLength: 5, selector: ([each]) => each }),
    target: values(fc.double({ min: -1e6, max: 1e6, noNaN: true }), rows),
    labels: values(fc.constantFrom("x", "y", "zü", ""), rows),
    l2: fc.constantFrom(0, 1e-3, 1, 100),
    l1: fc.constantFrom(0, 0, 1, 100),
    max_categories: fc.constantFrom(2, 3, 500),
  }),
);

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

function features({ columns }: Case, which: "train" | "other"): FeatureColumn[] {
  return columns.map(([each, made]) =>
    made.kind === "number" ? numbers(each, made[which]) : categories(each, made[which]),
  );
}

/** Trains, which compares on made-up rows, and compares on rows of this test's own. */
async function expectParity(each: Case, table: ReturnType<typeof regression>): Promise<void> {
  const { l2, l1, max_categories } = each;
  const signature = signatureOf(table);
  const input = {
    trainer: linear,
    task: table.target.task,
    table,
    params: { l2, l1, max_categories },
    seed: 1,
    threads: 1,
  };
  const { model } = await trainModel({ ...input, log: silentLog, signature });
  const session = await openModel(model.onnx, signature);
  try {
    const other = features(each, "other");
    const [own, shipped] = [model.predict(other).values, (await session.predict(other)).values];
    for (const [i, a] of own.entries()) {
      expect(Math.abs(a - shipped[i]!)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(a)));
    }
  } finally {
    await session.close();
  }
}

test("any table's ridge regression predicts the same in ONNX Runtime", async () => {
  await fc.assert(
    fc.asyncProperty(cases, (each) => expectParity(each, regression(features(each, "train"), each.target))),
    { numRuns: 200 },
  );
});

test("any table's logistic regression predicts the same in ONNX Runtime", async () => {
  const several = cases.filter(({ labels }) => new Set(labels).size > 1);
  await fc.assert(
    fc.asyncProperty(several, (each) => expectParity(each, classification(features(each, "train"), each.labels))),
    { numRuns: 200 },
  );
});
