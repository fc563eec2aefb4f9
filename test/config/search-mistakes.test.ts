import { expect, test } from "vitest";
import { definitionHash } from "../../pipelines/config/definition.ts";
import { modelParser } from "../../pipelines/config/parse-model-config.ts";
import { exampleParts, exampleText } from "./example-model.ts";

const parse = modelParser(exampleParts);

function searched(search: string) {
  return parse(`${exampleText}search: ${search}\n`, "model.yaml", "flight-delay");
}

function said(search: string): string[] {
  return searched(search).problems.map(({ message, hint, where }) => {
    expect(where?.line).toBe(exampleText.split("\n").length);
    const meant = hint?.match(/did you mean .*?\?/)?.[0];
    return `${where?.column} ${message}${meant ? ` | ${meant}` : ""}`;
  });
}

test.each<[title: string, search: string, ...says: string[]]>([
  ["no space", "{ method: grid }", "1 search.space is missing"],
  [
    "an empty space",
    "{ space: {} }",
    "18 search.space must be params and what to try, such as { max_leaves: [15, 31] }, not an empty block",
  ],
  [
    "an unknown param",
    "{ space: { learning_rat: [0.1] } }",
    "20 search.space.learning_rat is not a param of gradient-boosting | did you mean learning_rate?",
  ],
  [
    "a single value",
    "{ space: { trees: 5 } }",
    "27 search.space.trees must be a list of values or a range such as { min: 1, max: 8 }, not 5",
  ],
  [
    "a list without values",
    "{ space: { trees: [] } }",
    "27 search.space.trees must be a list of values or a range such as { min: 1, max: 8 }, not an empty list",
  ],
  ["a value twice", "{ space: { trees: [5, 5] } }", "31 search.space.trees lists 5 twice"],
  [
    "values that the params do not allow, all at once",
    "{ space: { trees: [0], learning_rate: [0.1, fast], loss: [hubert] } }",
    "28 search.space.trees[0] must be a whole number from 1 to 10000, not 0",
    '53 search.space.learning_rate[1] must be a number above 0, not "fast"',
    '67 search.space.loss[0] must be squared or huber, not "hubert" | did you mean huber?',
  ],
  [
    "a range of words",
    "{ space: { loss: { min: a, max: b } } }",
    "26 search.space.loss must be a list of values, not { min: a, max: b }",
  ],
  ["a range without an end", "{ space: { trees: { min: 5 } } }", "20 search.space.trees.max is missing"],
  [
    "an unknown key of a range",
    "{ space: { trees: { min: 5, max: 9, step: 2 } } }",
    "45 search.space.trees.step is not a known key",
  ],
  [
    "a range beyond what the param allows",
    "{ space: { trees: { min: 5, max: 1e6 } } }",
    "42 search.space.trees.max must be a whole number from 1 to 10000, not 1000000",
  ],
  [
    "a range without room",
    "{ space: { trees: { min: 9, max: 9 } } }",
    "34 search.space.trees: min 9 is not below max 9",
  ],
  [
    "a range without whole numbers",
    "{ space: { learning_rate: { min: 0.2, max: 0.8, integer: true } } }",
    "35 search.space.learning_rate: there is no whole number from 0.2 to 0.8",
  ],
  [
    "a grid of a range",
    "{ method: grid, space: { trees: { min: 5, max: 9 } } }",
    "41 search.space.trees is a range, and a grid needs values",
  ],
  [
    "a grid that takes forever",
    `{ method: grid, space: { trees: [${Array.from({ length: 40 }, (_, i) => i + 1)}], max_leaves: [${Array.from({ length: 40 }, (_, i) => i + 2)}] } }`,
    "32 search.space has 1600 combinations; a grid may have 1000",
  ],
  [
    "an unknown method",
    "{ method: randm, space: { trees: [5] } }",
    '19 search.method must be grid, random or halving, not "randm" | did you mean random?',
  ],
  [
    "a metric of the other task",
    "{ metric: roc_auc, space: { trees: [5] } }",
    "19 search.metric: roc_auc is a metric of classification; this model does regression",
  ],
  [
    "all rows for validation",
    "{ validation: 1, space: { trees: [5] } }",
    "23 search.validation must be a number above 0 and at most 0.9, not 1",
  ],
  [
    "a budget that the type does not have",
    "{ method: halving, resource: tres, space: { max_leaves: [5] } }",
    "38 search.resource: tres is not a budget that gradient-boosting has | did you mean trees?",
  ],
  [
    "a budget that is searched too",
    "{ method: halving, resource: trees, space: { trees: [5] } }",
    "38 search.resource: trees is in search.space too, but halving sets it",
  ],
])("%s", (_title, search, ...says) => {
  expect(said(search)).toEqual(says);
});

test("zero on a log scale is refused where the param allows it", () => {
  const text = exampleText
    .replace("type: gradient-boosting", "type: linear")
    .replace(/params: .*/, "search: { space: { l2: { min: 0, max: 10, scale: log } } }");
  const [problem] = parse(text, "model.yaml", "flight-delay").problems;
  expect(problem?.message).toBe("search.space.l2: min must be above 0 on a log scale, not 0");
});

test("a search is completed: the primary metric, whole numbers where the param is one", () => {
  const { config, problems } = searched(
    "{ space: { max_leaves: { min: 4, max: 64, scale: log }, learning_rate: [0.1] } }",
  );
  expect(problems).toEqual([]);
  expect(config?.search).toEqual({
    method: "random",
    space: { max_leaves: { min: 4, max: 64, scale: "log", integer: true }, learning_rate: [0.1] },
    trials: 20,
    metric: "rmse",
    validation: 0.2,
    parallel: 2,
    eta: 3,
    resource: "rows",
  });
});

test("what is searched is part of the definition; how many trials run side by side is not", () => {
  const hash = (search: string) => definitionHash(searched(search).config!, "SELECT 1", { name: "gb", version: 1 });
  const base = hash("{ space: { trees: [5, 6] } }");
  expect(hash("{ space: { trees: [5, 6] }, parallel: 8 }")).toBe(base);
  const others = ["{ space: { trees: [5, 7] } }", "{ space: { trees: [5, 6] }, trials: 3 }"].map(hash);
  expect(new Set([base, ...others]).size).toBe(3);
});
