import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, test } from "vitest";
import type { FeatureColumn, Target } from "../../pipelines/data/table.ts";
import { findLeaks } from "../../pipelines/evaluation/leak.ts";
import { categories, classification, numbers, regression, seeded } from "../training/tables.ts";

const rows = 1500;
const random = seeded(3);
const normal = () => Array.from({ length: 12 }, random).reduce((sum, each) => sum + each, -6);
const noise = Array.from({ length: rows }, normal);
const target = Array.from({ length: rows }, () => 100 + 20 * normal());
const classes = Array.from({ length: rows }, () => (random() < 0.2 ? "yes" : "no"));
const known = (value: number, at: number, every: number) => (at % every === 0 ? null : value);

const named = (found: ReturnType<typeof findLeaks>) => found.map(({ feature }) => feature);

describe("a number that is predicted", () => {
  test.each<[string, FeatureColumn]>([
    ["a copy", numbers("f", target)],
    [
      "another unit, rounded",
      numbers(
        "f",
        target.map((value) => Math.round(1.8 * value + 32)),
      ),
    ],
    [
      "the other way round",
      numbers(
        "f",
        target.map((value) => -value),
      ),
    ],
    [
      "its logarithm",
      numbers(
        "f",
        target.map((value) => Math.log(value + 1000) ** 9),
      ),
    ],
    [
      "a power",
      numbers(
        "f",
        target.map((value) => Math.max(0, value) ** 7),
      ),
    ],
    [
      "a copy with gaps",
      numbers(
        "f",
        target.map((value, at) => known(value, at, 5)),
      ),
    ],
    [
      "its text",
      categories(
        "f",
        target.map((value) => value.toFixed(2)),
      ),
    ],
  ])("%s is told", (_title, feature) => {
    expect(named(findLeaks(regression([numbers("other", noise), feature], target)))).toEqual(["f"]);
  });

  test("a category that stands for it, and being missing, are told", () => {
    const bands = target.map((value) => (value > 100 ? 700 : value > 90 ? 40 : 1));
    const features = [
      categories(
        "band",
        bands.map((band) => `b${band}`),
      ),
      numbers(
        "gone",
        noise.map((value, at) => (bands[at] === 700 ? null : value)),
      ),
    ];
    expect(named(findLeaks(regression(features, bands)))).toEqual(["band"]);
    const sold = bands.map((band) => (band === 700 ? 1 : 0));
    expect(named(findLeaks(regression(features, sold)))).toEqual(["band", "gone"]);
  });

  test.each([0.9, 0.95, 0.99, 0.999])("a strong feature, correlated by %s, is none", (r) => {
    const feature = target.map((value, at) => r * (value - 100) + Math.sqrt(1 - r * r) * 20 * noise[at]!);
    expect(findLeaks(regression([numbers("f", feature)], target))).toEqual([]);
  });

  test("a name of its own for each row is none", () => {
    expect(
      findLeaks(
        regression(
          [
            categories(
              "id",
              target.map((_, at) => `n${at}`),
            ),
          ],
          target,
        ),
      ),
    ).toEqual([]);
  });
});

describe("a class that is predicted", () => {
  test.each<[string, FeatureColumn]>([
    [
      "its other name",
      categories(
        "f",
        classes.map((name) => (name === "yes" ? "1" : "0")),
      ),
    ],
    [
      "a number of it",
      numbers(
        "f",
        classes.map((name) => (name === "yes" ? 1 : 0)),
      ),
    ],
    [
      "a number that it was made of",
      numbers(
        "f",
        classes.map((name, at) => (name === "yes" ? 9 : 0) + noise[at]! / 9),
      ),
    ],
    [
      "being missing",
      numbers(
        "f",
        noise.map((value, at) => (classes[at] === "yes" ? value : null)),
      ),
    ],
    [
      "being an empty text",
      categories(
        "f",
        classes.map((name, at) => (name === "yes" ? `t${at}` : "")),
      ),
    ],
    [
      "a finer class",
      categories(
        "f",
        classes.map((name, at) => `${name}${at % 7}`),
      ),
    ],
  ])("%s is told", (_title, feature) => {
    expect(named(findLeaks(classification([numbers("other", noise), feature], classes)))).toEqual(["f"]);
  });

  test.each<[string, FeatureColumn]>([
    [
      "right in 97%",
      categories(
        "f",
        classes.map((name, at) => (at % 33 === 0 ? "no" : name)),
      ),
    ],
    [
      "a name of its own for each row",
      categories(
        "f",
        classes.map((_, at) => `n${at}`),
      ),
    ],
    [
      "missing more often",
      numbers(
        "f",
        noise.map((value, at) => (classes[at] === "yes" && at % 3 > 0 ? null : value)),
      ),
    ],
  ])("what is %s is none", (_title, feature) => {
    expect(findLeaks(classification([feature], classes))).toEqual([]);
  });

  test("a few rows that happen to lie apart are none", () => {
    const few = Array.from({ length: 90 }, (_, at) => (at < 45 ? "setosa" : "other"));
    expect(
      findLeaks(
        classification(
          [
            numbers(
              "petal",
              few.map((_, at) => at / 9),
            ),
          ],
          few,
        ),
      ),
    ).toEqual([]);
  });
});

describe("public tables", () => {
  const packages = new URL("../../node_modules/", import.meta.url).pathname;

  async function leaksOf(file: string, name: string, task: Target["task"]): Promise<string[]> {
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    const result = await connection.runAndReadAll(`SELECT * FROM '${packages}${file}' WHERE "${name}" IS NOT NULL`);
    const read = result.getRowObjectsJS();
    connection.closeSync();
    instance.closeSync();
    const features = Object.keys(read[0]!).flatMap((column): FeatureColumn[] => {
      const values = read.map((row) => row[column]);
      if (column === name || values.some((value) => typeof value === "object" && value !== null)) return [];
      const isText = values.some((value) => typeof value === "string");
      if (isText)
        return [
          categories(
            column,
            values.map((value) => (value === null ? "" : String(value))),
          ),
        ];
      return [
        numbers(
          column,
          values.map((value) => (value === null ? null : Number(value))),
        ),
      ];
    });
    const own = read.map((row) => row[name]);
    return named(
      findLeaks(
        task === "regression" ? regression(features, own.map(Number)) : classification(features, own.map(String)),
      ),
    );
  }

  test.each([
    ["@observablehq/sample-datasets/diamonds.csv", "price", "regression"],
    ["@observablehq/sample-datasets/cars.csv", "economy (mpg)", "regression"],
    ["@observablehq/sample-datasets/penguins.csv", "species", "classification"],
    ["@observablehq/sample-datasets/penguins.csv", "body_mass_g", "regression"],
    ["@observablehq/sample-datasets/olympians.csv", "sex", "classification"],
    ["@observablehq/sample-datasets/aapl.csv", "Close", "regression"],
    ["vega-datasets/data/seattle-weather.csv", "weather", "classification"],
    ["vega-datasets/data/seattle-weather.csv", "temp_max", "regression"],
    ["vega-datasets/data/movies.json", "IMDB Rating", "regression"],
  ] as const)("%s: no feature is %s", async (file, name, task) => {
    expect(await leaksOf(file, name, task)).toEqual([]);
  });

  test("what is the same price by another name is told", async () => {
    expect(await leaksOf("vega-datasets/data/sp500-2000.csv", "close", "regression")).toEqual(["adjclose"]);
  });
});
