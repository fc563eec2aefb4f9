import { allMetricNames } from "../metric-names.ts";

/** `search`: which params to try, and how. What the keys of `space` may be depends on the trainer. */
export const searchSchema = {
  title: "a block of keys such as method and space",
  description: "Tries params on a part of the train split and trains the model with the best ones.",
  type: "object",
  additionalProperties: false,
  required: ["space"],
  properties: {
    method: {
      description:
        "grid tries every combination, random draws some, halving draws some and gives the better ones a growing budget.",
      enum: ["grid", "random", "halving"],
      default: "random",
      examples: ["halving"],
    },
    space: {
      title: "params and what to try, such as { max_leaves: [15, 31] }",
      description:
        "Params of the type, each with a list of values or a range. What is found replaces the key in params.",
      type: "object",
      minProperties: 1,
      maxProperties: 20,
      examples: [{ learning_rate: [0.05, 0.1], max_leaves: { min: 7, max: 63, scale: "log" } }],
    },
    trials: {
      description: "Combinations that random and halving draw; a grid has as many as it has.",
      type: "integer",
      minimum: 1,
      maximum: 1000,
      default: 20,
      examples: [20],
    },
    metric: {
      description: "What a trial is judged by; thresholds.primary when left out.",
      enum: allMetricNames,
      examples: ["rmse"],
    },
    validation: {
      description:
        "Share of the train split that trials are scored on. The test split stays unseen: a winner chosen on it would pass the gate by luck.",
      type: "number",
      exclusiveMinimum: 0,
      maximum: 0.9,
      default: 0.2,
      examples: [0.2],
    },
    parallel: {
      description: "Trials that train side by side, each in a process of its own. The result does not depend on it.",
      type: "integer",
      minimum: 1,
      maximum: 64,
      default: 2,
      examples: [2],
    },
    eta: {
      description: "Halving keeps one in so many trials of a round, and gives the next round so many times the budget.",
      type: "integer",
      minimum: 2,
      maximum: 10,
      default: 3,
      examples: [3],
    },
    resource: {
      title: "rows, or a param that is a whole number, such as trees",
      description:
        "The budget of halving: rows of the train split, or a param such as trees, whose value in params is the last round's.",
      type: "string",
      maxLength: 100,
      default: "rows",
      examples: ["trees"],
    },
  },
  examples: [{ method: "random", space: { max_leaves: [15, 31, 63] }, trials: 3 }],
} as const;
