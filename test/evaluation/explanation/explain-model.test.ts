import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FeatureColumn, Table } from "../../../pipelines/data/table.ts";
import {
  type ExplainInput,
  explainModel,
  type Predict,
  partialDependence,
} from "../../../pipelines/evaluation/explanation/explain-model.ts";
import { planExplanation } from "../../../pipelines/evaluation/explanation/explanation-plan.ts";
import { systemClock } from "../../../pipelines/ports/host.ts";
import { normals } from "../builders.ts";

/** The explanations of a small model on a fast machine. */
async function explanationsOf(input: Omit<ExplainInput, "clock" | "modelBytes"> & Partial<ExplainInput>) {
  const explained = await explainModel({ modelBytes: 50_000, clock: systemClock, ...input });
  if ("left_out" in explained) throw new Error(explained.left_out);
  return explained.explanations;
}

/** y = 3·strong + weak + 5·[city is Ulm]; `idle` does nothing. */
function table(rows: number): Table {
  const next = normals(rows);
  const number = (name: string): FeatureColumn => ({
    name,
    kind: "number",
    values: Float32Array.from({ length: rows }, next),
  });
  const features: FeatureColumn[] = [
    number("idle"),
    number("weak"),
    number("strong"),
    {
      name: "city",
      kind: "category",
      levels: ["", "Bonn", "Köln", "Ulm"],
      codes: Int32Array.from({ length: rows }, (_, row) => (row * 7) % 4),
    },
  ];
  return { rows, features, target: { task: "regression", values: Float64Array.from(predicted(features, rows)) } };
}

function predicted(features: readonly FeatureColumn[], rows: number): Float32Array {
  const numbers = (name: string) => {
    const column = features.find((each) => each.name === name);
    return column && column.kind !== "category" ? column.values : new Float32Array(rows);
  };
  const city = features.find((each) => each.name === "city");
  const ulm = (row: number) => (city?.kind === "category" && city.levels[city.codes[row]!] === "Ulm" ? 5 : 0);
  const [strong, weak] = [numbers("strong"), numbers("weak")];
  return Float32Array.from({ length: rows }, (_, row) => 3 * strong[row]! + weak[row]! + ulm(row));
}

const predict: Predict = async (features) => {
  const [first] = features;
  const rows = first?.kind === "category" ? first.codes.length : (first?.values.length ?? 0);
  return { rows, classes: [], values: predicted(features, rows) };
};

const explain = (rows: number, more: object = {}) =>
  explanationsOf({ predict, table: table(rows), metric: "rmse", seed: 42, ranking: [], ...more });

describe("permutation importance", () => {
  it("orders features by what the model owes to them", async () => {
    const told = await explain(4_000);
    expect(told?.importance.map(({ feature }) => feature)).toEqual(["strong", "city", "weak", "idle"]);
    expect(told?.importance.at(-1)).toEqual({ feature: "idle", worse: 0, sd: 0 });
  });

  it("is √2 times a feature's effect for a perfect model, whose error is what the shuffle makes", async () => {
    const told = await explain(5_000);
    const worse = new Map(told?.importance.map((each) => [each.feature, each.worse]));
    expect(worse.get("strong")).toBeCloseTo(3 * Math.SQRT2, 1);
    expect(worse.get("weak")).toBeCloseTo(Math.SQRT2, 1);
  });

  it("counts a metric of which more is better the other way round", async () => {
    const told = await explain(2_000, { metric: "r2" });
    expect(told?.importance[0]).toMatchObject({ feature: "strong" });
    expect(told?.importance[0]?.worse).toBeGreaterThan(0.5);
  });

  it("gives the same numbers again, and others for another seed", async () => {
    const [first, again, other] = [await explain(500), await explain(500), await explain(500, { seed: 43 })];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it("scores no more rows of a large split than the budget has", async () => {
    let scored = 0;
    const counting: Predict = async (features) => {
      const predictions = await predict(features);
      scored += predictions.rows;
      return predictions;
    };
    const told = await explain(60_000, { predict: counting });
    expect(told?.rows).toBe(5_000);
    expect(scored).toBeLessThan(150_000);
  });

  it("takes of very many features those that the trainer ranks first", async () => {
    const { rows, target } = table(50);
    const features = Array.from({ length: 300 }, (_, at): FeatureColumn => {
      return { name: `f${at}`, kind: "number", values: new Float32Array(rows) };
    });
    const ranking = [{ feature: "f250", share: 1 }];
    const told = await explanationsOf({ predict, table: { rows, features, target }, metric: "rmse", seed: 1, ranking });
    expect(told?.importance).toHaveLength(100);
    expect(told?.importance.map(({ feature }) => feature)).toContain("f250");
  });

  it.each([
    ["one row", 1, "rmse"],
    ["no rows", 0, "rmse"],
  ])("is not told of %s", async (_title, rows, metric) => {
    expect(await explain(rows, { metric })).toBeNull();
  });

  it("is not told where the metric has no value", async () => {
    const { rows, features } = table(20);
    const oneClass: Table = {
      rows,
      features,
      target: { task: "classification", codes: new Int32Array(rows), classes: ["no", "yes"] },
    };
    const constant: Predict = async () => ({
      rows,
      classes: ["no", "yes"],
      values: new Float32Array(2 * rows).fill(0.5),
    });
    expect(
      await explanationsOf({ predict: constant, table: oneClass, metric: "roc_auc", seed: 1, ranking: [] }),
    ).toBeNull();
  });

  it("never changes the table", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 0, max: 2 ** 40 }), async (rows, seed) => {
        const given = table(rows);
        const before = structuredClone(given);
        await explanationsOf({ predict, table: given, metric: "mae", seed, ranking: [] });
        expect(given).toEqual(before);
      }),
      { numRuns: 20 },
    );
  });
});

describe("partial dependence", () => {
  it("of a number rises by its slope between quantiles", async () => {
    const told = await partialDependence(predict, table(500), "strong");
    expect(told?.labels).toHaveLength(12);
    const values = told?.series[0]?.values ?? [];
    const [low, high] = [Number(told?.labels[0]?.replace("−", "-")), Number(told?.labels.at(-1))];
    expect((values.at(-1)! - values[0]!) / (high - low)).toBeCloseTo(3, 1);
  });

  it("of a category is told for its levels, the missing one by name", async () => {
    const told = await partialDependence(predict, table(400), "city");
    expect(told?.labels.toSorted()).toEqual(["(missing)", "Bonn", "Köln", "Ulm"]);
    const ulm = told?.series[0]?.values[told.labels.indexOf("Ulm")] ?? 0;
    const bonn = told?.series[0]?.values[told.labels.indexOf("Bonn")] ?? 0;
    expect(ulm - bonn).toBeCloseTo(5, 3);
  });

  it("of two classes is the probability of the last, of many that of the four most probable", async () => {
    const given = table(10);
    const scores =
      (classes: string[], shares: number[]): Predict =>
      async () => ({
        rows: 10,
        classes,
        values: Float32Array.from({ length: 10 * classes.length }, (_, at) => shares[at % classes.length]!),
      });
    const two = await partialDependence(scores(["no", "yes"], [0.25, 0.75]), given, "weak");
    expect(two?.series.map(({ name }) => name)).toEqual(["yes"]);
    expect(two?.series[0]?.values[0]).toBeCloseTo(0.75);
    const many = await partialDependence(scores([..."abcdef"], [0.05, 0.1, 0.3, 0.25, 0.2, 0.1]), given, "weak");
    expect(many?.series.map(({ name }) => name)).toEqual(["c", "d", "e", "b"]);
  });

  it.each([
    ["constant", new Float32Array(5).fill(2)],
    ["all missing", new Float32Array(5).fill(Number.NaN)],
  ])("of a feature that is %s says nothing", async (_title, values) => {
    const given: Table = {
      rows: 5,
      features: [{ name: "weak", kind: "number", values }],
      target: { task: "regression", values: new Float64Array(5) },
    };
    expect(await partialDependence(predict, given, "weak")).toBeNull();
  });
});

describe("the budget of an explanation", () => {
  const columns = (count: number) =>
    Array.from({ length: count }, (_, f) => ({ name: `f${f}`, kind: "number" as const, values: new Float32Array() }));

  it.each([
    [
      "a small model",
      2_131,
      10,
      1_000_000,
      { features: 10, repeats: 5, rows: 2_131, dependenceRows: 500, limited: null },
    ],
    [
      "65 MB",
      2_131,
      10,
      65e6,
      { features: 10, repeats: 2, rows: 200, dependenceRows: 111, limited: { model_bytes: 65e6 } },
    ],
    ["65 MB and 60 features", 2_131, 60, 65e6, { features: 20, repeats: 1, rows: 200, dependenceRows: 111 }],
    ["1 GB", 2_131, 60, 1e9, { features: 1, repeats: 1, rows: 260, dependenceRows: 20 }],
    ["few rows", 40, 10, 65e6, { features: 10, repeats: 5, rows: 40 }],
  ])("%s", (_, rows, features, bytes, plan) => {
    expect(planExplanation({ rows, features: columns(features) }, bytes)).toMatchObject(plan);
  });

  it("says what was sampled of a large model", async () => {
    const told = await explain(2_000, { modelBytes: 65e6 });
    expect(told).toMatchObject({
      rows: 200,
      repeats: 5,
      limited: { model_bytes: 65e6, test_rows: 2_000, features: 4 },
    });
    expect(await explain(2_000, { modelBytes: 65e6 })).toEqual(told);
  });

  it("leaves everything out on a machine that is too slow, and says so", async () => {
    let now = 0;
    const clock = { now: () => new Date((now += 10_000)) };
    const slow = await explainModel({
      predict,
      table: table(500),
      metric: "rmse",
      seed: 1,
      ranking: [],
      modelBytes: 1,
      clock,
    });
    expect(slow).toEqual({ left_out: "the model is too slow here to explain it within 120 s" });
  });
});
