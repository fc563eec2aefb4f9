import { expect, test } from "vitest";
import type { FeatureColumn, Table } from "../../../pipelines/data/table.ts";
import { UserError } from "../../../pipelines/errors/expected-error.ts";
import { silentLog } from "../../../pipelines/ports/host.ts";
import { linear } from "../../../pipelines/training/linear/index.ts";
import { type ProvenModel, trainModel } from "../../../pipelines/training/train-model.ts";
import { categories, classification, numbers, regression, seeded, signatureOf } from "../tables.ts";

function train(table: Table, params: { l2?: number; max_categories?: number } = {}): Promise<ProvenModel> {
  return trainModel({
    trainer: linear,
    task: table.target.task,
    table,
    params: { l2: 1, l1: 0, max_categories: 500, ...params },
    seed: 1,
    threads: 1,
    log: silentLog,
    signature: signatureOf(table),
  });
}

const predicted = ({ model }: ProvenModel, features: readonly FeatureColumn[]) => [...model.predict(features).values];
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const coefficient = ({ model }: ProvenModel, name: string) =>
  model.coefficients.find((each) => each.name === name)?.value;
const share = ({ model }: ProvenModel, feature: string) =>
  model.importance.find((each) => each.feature === feature)?.share;

test("coefficients are in the features' own units", async () => {
  const x = range(200);
  const features = [
    numbers("x", x),
    {
      ...numbers(
        "flag",
        x.map((i) => i % 2),
      ),
      kind: "boolean" as const,
    },
  ];
  const proven = await train(
    regression(
      features,
      x.map((i) => 5 + 3 * i - 7 * (i % 2)),
    ),
    { l2: 0 },
  );
  expect(coefficient(proven, "(intercept)")).toBeCloseTo(5, 4);
  expect(coefficient(proven, "x")).toBeCloseTo(3, 6);
  expect(coefficient(proven, "flag")).toBeCloseTo(-7, 4);
});

test("years and offsets of 1e9 lose no digits", async () => {
  const i = range(500);
  const year = numbers(
    "year",
    i.map((n) => 2001 + (n % 3)),
  );
  const stamp = numbers(
    "stamp",
    i.map((n) => 1e9 + 64 * (n % 41)),
  );
  const target = i.map((n) => 10 * (n % 3) - (n % 41) / 8);
  const proven = await train(regression([year, stamp], target), { l2: 0 });
  for (const [n, value] of predicted(proven, [year, stamp]).entries()) expect(value).toBeCloseTo(target[n]!, 4);
});

test("missing numbers have an effect of their own, infinities count as missing", async () => {
  const i = range(300);
  const x = numbers(
    "x",
    i.map((n) => [n % 10, null, Infinity, -Infinity][n % 4]!),
  );
  const target = i.map((n) => (n % 4 === 0 ? n % 10 : 50));
  const proven = await train(regression([x], target), { l2: 0 });
  const [four, missing, infinite] = predicted(proven, [numbers("x", [4, null, Infinity])]);
  expect(four).toBeCloseTo(4, 3);
  expect(missing).toBeCloseTo(50, 3);
  expect(infinite).toBe(missing);
  expect(coefficient(proven, "x missing")).toBeCloseTo(46, 3);
});

test("an unseen category is predicted by the other features alone", async () => {
  const texts = range(90).map((i) => ["Rome", "Oslo", ""][i % 3]!);
  const city = categories("city", texts);
  const proven = await train(
    regression(
      [city],
      texts.map((text) => ({ Rome: 1, Oslo: 3 })[text] ?? 8),
    ),
    { l2: 0.001 },
  );
  const [unseen, rome, missing] = predicted(proven, [categories("city", ["new", "Rome", ""])].map(reordered));
  expect(unseen).toBeCloseTo(4, 3);
  expect(rome).toBeCloseTo(1, 3);
  expect(missing).toBeCloseTo(8, 3);
  expect(coefficient(proven, "city=Rome")).toBeCloseTo(-3, 3);
  expect(coefficient(proven, "city=")).toBeCloseTo(4, 3);
});

// Another table's dictionary need not be that of training.
function reordered(column: FeatureColumn): FeatureColumn {
  if (column.kind !== "category") return column;
  const last = column.levels.length - 1;
  return { ...column, levels: column.levels.toReversed(), codes: column.codes.map((code) => last - code) };
}

test("the rarest categories share one weight", async () => {
  const texts = [...Array(50).fill("a"), ...Array(40).fill("b"), "c", "d", "d", "e"] as string[];
  const value = { a: 0, b: 10, c: 20, d: 20, e: 20 } as Record<string, number>;
  const proven = await train(
    regression(
      [categories("k", texts)],
      texts.map((text) => value[text]!),
    ),
    {
      l2: 0.001,
      max_categories: 3,
    },
  );
  const [c, d, e, b] = predicted(proven, [categories("k", ["c", "d", "e", "b"])].map(reordered));
  expect([c, d, e].every((each) => Math.abs(each! - 20) < 0.1)).toBe(true);
  expect(b).toBeCloseTo(10, 1);
  const names = proven.model.coefficients.map(({ name }) => name);
  expect(names).toEqual(["(intercept)", "k=a", "k=b", "k is one of 3 rare values"]);
});

test("importance is the share of the standardised effects", async () => {
  const random = seeded(1);
  const i = range(2000);
  const strong = numbers(
    "strong",
    i.map(() => random() * 1000),
  );
  const weak = numbers(
    "weak",
    i.map(() => random()),
  );
  const none = numbers(
    "none",
    i.map(() => 3),
  );
  const target = i.map((n) => 0.003 * strong.values[n]! + weak.values[n]!);
  const proven = await train(regression([strong, weak, none], target));
  expect(share(proven, "strong")).toBeCloseTo(0.75, 2);
  expect(share(proven, "weak")).toBeCloseTo(0.25, 2);
  expect(share(proven, "none")).toBe(0);
});

test("features that tell nothing have equal shares", async () => {
  const proven = await train(regression([numbers("a", [1, 1]), numbers("b", [2, 2])], [5, 7]));
  expect(proven.model.importance.map((each) => each.share)).toEqual([0.5, 0.5]);
  expect(predicted(proven, [numbers("a", [9]), numbers("b", [9])])).toEqual([6]);
});

const three = ["a", "b", "c", "a", "b", "c", "a", "b"];
test.each<[string, Table, number]>([
  ["one row", regression([numbers("x", [5])], [42]), 1],
  ["one row without penalty", regression([numbers("x", [5]), categories("k", ["a"])], [42]), 0],
  ["a constant column", regression([numbers("x", [0.1, 0.1, 0.1])], [1, 2, 3]), 0],
  ["a wholly missing column", regression([numbers("x", [null, null]), numbers("y", [1, 2])], [1, 2]), 1],
  ["only one category, missing", regression([categories("k", ["", "", ""])], [1, 2, 3]), 1],
  ["a constant target", regression([numbers("x", [1, 2, 3])], [7, 7, 7]), 1],
  [
    "collinear columns",
    regression(
      ["a", "b"].map((name) => numbers(name, range(50))),
      range(50),
    ),
    0,
  ],
  [
    "more columns than rows",
    regression(
      range(40).map((j) =>
        numbers(
          `x${j}`,
          range(5).map((i) => (i * j) % 7),
        ),
      ),
      range(5),
    ),
    0,
  ],
  ["the largest floats", regression([numbers("x", [3.4e38, -3.4e38, 0])], [1, 2, 3]), 1],
  ["tiny numbers", regression([numbers("x", [1e-40, 2e-40, 3e-40])], [1e-6, 2e-6, 3e-6]), 0],
  [
    "large targets",
    regression(
      [numbers("x", range(100))],
      range(100).map((i) => 1e9 * (i - 50)),
    ),
    1,
  ],
  ["two classes", classification([numbers("x", range(8))], ["a", "a", "b", "a", "b", "b", "a", "b"]), 1],
  [
    "separable classes without penalty",
    classification([numbers("x", range(8))], ["a", "a", "a", "a", "b", "b", "b", "b"]),
    0,
  ],
  ["three separable classes", classification([numbers("x", range(8)), categories("k", three)], three), 0],
  ["every row a class", classification([numbers("x", range(8))], range(8).map(String)), 1],
  ["classes without features that tell", classification([numbers("x", Array(8).fill(1))], three), 1],
])("%s: trains, is finite, and the file agrees", async (_title, table, l2) => {
  const { model, parity } = await train(table, { l2 });
  expect(parity.maxRelative).toBeLessThan(1e-5);
  expect([...model.predict(table.features).values].every(Number.isFinite)).toBe(true);
  expect(model.coefficients.every(({ value }) => Number.isFinite(value))).toBe(true);
  expect(model.importance.reduce((sum, each) => sum + each.share, 0)).toBeCloseTo(1, 9);
});

test("a class that no train row has is improbable, not an error", async () => {
  const features = [numbers("x", range(40))];
  const codes = Int32Array.from(range(40), (i) => (i % 3 ? 0 : 2));
  const target = { task: "classification" as const, codes, classes: ["a", "b", "c"] };
  const proven = await train({ rows: 40, features, target });
  for (const row of range(40)) expect(predicted(proven, features)[row * 3 + 1]).toBeLessThan(1e-4);
});

test("10,000 categories train, the rare ones pooled", async () => {
  const random = seeded(2);
  const texts = range(20_000).map(() => `city ${Math.floor(10_000 * random() ** 2)}`);
  const { parity, model } = await train(
    regression(
      [categories("city", texts)],
      texts.map((text) => text.length),
    ),
  );
  expect(parity.maxRelative).toBeLessThan(1e-5);
  expect(model.coefficients).toHaveLength(501);
});

test("the same table gives the same bytes", async () => {
  const make = () => {
    const random = seeded(3);
    const features = [
      numbers("x", range(3000).map(random)),
      categories(
        "k",
        range(3000).map((i) => `${i % 7}`),
      ),
    ];
    return classification(
      features,
      range(3000).map(() => three[Math.floor(random() * 8)]!),
    );
  };
  const [first, second] = [await train(make()), await train(make())];
  expect(first.sha256).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(second.sha256).toBe(first.sha256);
});

test("a logistic regression shows its loss by step", async () => {
  const { model } = await train(classification([numbers("x", range(8))], ["a", "a", "b", "a", "b", "b", "a", "b"]));
  const [curve] = model.curves;
  expect(curve?.metric).toBe("log_loss");
  expect(curve?.values[0]).toBeCloseTo(Math.log(2), 9);
  expect(curve?.values.at(-1)).toBeLessThan(0.65);
});

test("coefficients of several classes are named by class", async () => {
  const { model } = await train(classification([numbers("x", range(8))], three));
  expect(model.coefficients.map(({ name }) => name)).toEqual(
    ["a", "b", "c"].flatMap((each) => [`${each}: (intercept)`, `${each}: x`]),
  );
});

test.each<[string, Table, RegExp]>([
  ["no rows", regression([numbers("x", [])], []), /The train split has no rows/],
  ["one class", classification([numbers("x", [1, 2])], ["a", "a"]), /at least two classes, .* has only "a"/],
  ["a feature named like an output", regression([numbers("label", [1, 2])], [1, 2]), /`label` has the name of one/],
])("%s is the user's error", async (_title, table, message) => {
  await expect(train(table)).rejects.toThrow(UserError);
  await expect(train(table)).rejects.toThrow(message);
});
