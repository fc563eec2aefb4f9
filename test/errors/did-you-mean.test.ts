import { expect, test } from "vitest";
import { didYouMean } from "../../pipelines/errors/expected-error.ts";

const keys = ["name", "description", "learning_rate", "max_leaves", "rmse", "mae", "warn", "block", "<", "<="];

test.each([
  ["descripton", "description"],
  ["learning-rate", "learning_rate"],
  ["LearningRate", "learning_rate"],
  ["rsme", "rmse"],
  ["warning", "warn"],
  ["desc", "description"],
  ["mse", "rmse"],
  ["max leaf", "max_leaves"],
  ["colour", null],
  ["=", null],
  ["", null],
  ["x".repeat(100_000), null],
])("%s", (word, meant) => {
  expect(didYouMean(word, keys)).toBe(meant);
});
