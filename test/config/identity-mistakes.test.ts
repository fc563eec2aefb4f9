import { expect, test } from "vitest";
import { type Mistake, saidAbout } from "./mistakes.ts";

// Mistakes in names, types and params: each is shown with its place, what was found and what was expected.
const mistakes: readonly Mistake[] = [
  ["an unknown key", "description:", "descripton:", "3:1+10 descripton is not a known key | did you mean description?"],
  ["an unknown key that is like no other", "seed: 42", "frobnicate: 42", "7:1+10 frobnicate is not a known key"],
  [
    "an unknown key in a block",
    "target: delay",
    "target: delay\n  tagret: x",
    "15:3+6 features.tagret is not a known key | did you mean target?",
  ],
  ["a key of another level", "seed: 42", "target: delay", "7:1+6 target is not a known key"],
  ["a missing key", "task: regression ", "#", "2:1+1 task is missing"],
  ["a missing block", "features:\n", "#\n", "9:1+1 not valid YAML: All mapping items must start at the same column"],
  ["a missing key in a block", "  target: delay\n", "", "9:1+8 features.target is missing"],
  ["a key without a value", "target: delay", "target:", "14:3+6 features.target has no value"],
  ["a null", "seed: 42", "seed: null", "7:7+4 seed has no value"],
  [
    "a name that is not the folder's",
    "name: flight-delay",
    "name: flight-delays",
    '2:7+13 name is "flight-delays" but the folder is "flight-delay"',
  ],
  [
    "a name in capitals",
    "name: flight-delay",
    "name: Flight_Delay",
    '2:7+12 name must be lower-case letters, digits and dashes, such as flight-delay, not "Flight_Delay"',
  ],
  [
    "a name that is a number",
    "name: flight-delay",
    "name: 42",
    "2:7+2 name must be lower-case letters, digits and dashes, such as flight-delay, not 42",
  ],
  [
    "an owner without an @",
    '"@octo-org/ops"',
    "octo-org/ops",
    '4:8+12 owner must be a user or a team, such as "@octocat" or "@octo-org/ops", not "octo-org/ops"',
  ],
  [
    "an owner that YAML reserves",
    '"@octo-org/ops"',
    "@octo-org/ops",
    "4:8+1 not valid YAML: Plain value cannot start with reserved character @",
  ],
  [
    "an unknown task",
    "task: regression",
    "task: regresion",
    '5:7+9 task must be regression or classification, not "regresion" | did you mean regression?',
  ],
  [
    "an unknown type",
    "type: gradient-boosting",
    "type: gradient_bosting",
    '6:7+16 type must be linear, gradient-boosting or quantile, not "gradient_bosting" | did you mean gradient-boosting?',
  ],
  [
    "a type that does not do the task",
    "task: regression                # regression | classification\ntype: gradient-boosting",
    "task: classification\ntype: quantile",
    "6:7+8 the trainer quantile does not do classification",
    "8:11+5 params.trees is not a param of quantile",
    "8:23+13 params.learning_rate is not a param of quantile",
    "8:43+10 params.max_leaves is not a param of quantile",
    "22:12+4 thresholds.primary: rmse is a metric of regression; this model does classification",
    "23:19+4 thresholds.first_deploy.rmse is a metric of regression; this model does classification",
    "25:13+3 thresholds.always.mae is a metric of regression; this model does classification",
    "26:35+4 thresholds.slices[0].metric: rmse is a metric of regression; this model does classification",
  ],
  ["a negative seed", "seed: 42", "seed: -1", "7:7+2 seed must be a whole number from 0 to 4294967295, not -1"],
  [
    "a seed with a fraction",
    "seed: 42",
    "seed: 4.2",
    "7:7+3 seed must be a whole number from 0 to 4294967295, not 4.2",
  ],
  [
    "a seed beyond exact integers",
    "seed: 42",
    "seed: 12345678901234567890",
    "7:7+20 seed: 12345678901234567890 is too large to be kept exactly; at most 9007199254740991 is possible",
  ],
  [
    "a param of no trainer",
    "learning_rate",
    "learning_rat",
    "8:23+12 params.learning_rat is not a param of gradient-boosting | did you mean learning_rate?",
  ],
  ["a param of another trainer", "trees: 200", "l2: 1", "8:11+2 params.l2 is not a param of gradient-boosting"],
  [
    "a param out of range",
    "trees: 200",
    "trees: 0",
    "8:18+1 params.trees must be a whole number from 1 to 10000, not 0",
  ],
  [
    "a param of the wrong type",
    "trees: 200",
    "trees: many",
    '8:18+4 params.trees must be a whole number from 1 to 10000, not "many"',
  ],
  [
    "params that are a list",
    "{ trees: 200, learning_rate: 0.1, max_leaves: 31 }",
    "[trees]",
    "8:9+7 params must be a block of keys, not [trees]",
  ],
];

test.each(mistakes.map((mistake) => ({ title: mistake[0], mistake })))("$title", ({ mistake }) => {
  expect(saidAbout(mistake)).toEqual(mistake.slice(3));
});
