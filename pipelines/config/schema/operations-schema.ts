import { columnSchema } from "./checks-schema.ts";

/** `drift`: how live data is compared with the training data. */
export const driftSchema = {
  title: "a block of keys such as window and on_drift",
  description: "How live data is compared with the data the production model was trained on.",
  type: "object",
  additionalProperties: false,
  properties: {
    window: {
      title: "a duration such as 7d, 12h or 4w",
      description: "How much recent data is compared: hours (h), days (d) or weeks (w).",
      type: "string",
      pattern: "^[1-9][0-9]{0,3}[hdw]$",
      default: "7d",
      examples: ["7d", "12h"],
    },
    query: {
      title: "the name of a SQL file, such as monitoring.sql",
      description:
        "A query in the model's folder for the rows to compare, with the parameters $start and $end; without it the prediction log is read, or the feature query. It may return the prediction and the target too.",
      type: "string",
      minLength: 1,
      maxLength: 500,
      examples: ["monitoring.sql"],
    },
    label_delay: {
      title: "a duration such as 2d or 12h",
      description:
        "How long after its row a label is final: hours (h), days (d) or weeks (w). Younger labels do not count.",
      type: "string",
      pattern: "^(0|[1-9][0-9]{0,3})[hdw]$",
      default: "0d",
      examples: ["2d", "4w"],
    },
    label_share: {
      description:
        "The metric of a window is judged once so much of its rows that are older than label_delay have their label; until then that of an earlier window is.",
      type: "number",
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.8,
      examples: [0.8],
    },
    group: {
      ...columnSchema,
      description:
        "A column whose equal values mark rows that belong together, such as a customer: rows that are alike count as one. Without it, the split's group.",
      examples: ["customer_id"],
    },
    min_rows: {
      description: "With fewer rows the answer is: too few rows.",
      type: "integer",
      minimum: 1,
      default: 200,
      examples: [200],
    },
    on_drift: {
      description: "What drift leads to: an issue, or a pull request that retrains.",
      enum: ["issue", "pull-request"],
      default: "issue",
      examples: ["pull-request"],
    },
    share: {
      description: "The model drifts when features of this much importance drift.",
      type: "number",
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.3,
      examples: [0.3],
    },
    persist: {
      title: "a text such as 2 of 3",
      description: "In how many of the last windows drift must show before anybody is told.",
      type: "string",
      pattern: "^[1-9][0-9]? of [1-9][0-9]?$",
      default: "2 of 3",
      examples: ["2 of 3", "1 of 1"],
    },
    method: {
      description:
        "calibrated: effect size and significance. evidently: the default rules of Evidently, where half of the columns count, not share.",
      enum: ["calibrated", "evidently"],
      default: "calibrated",
      examples: ["evidently"],
    },
  },
  default: {},
  examples: [{ window: "7d", min_rows: 200, on_drift: "issue" }],
} as const;

/** `retrain`: how and when the data window moves forward. */
export const retrainSchema = {
  title: "a block of keys such as window and schedule",
  description: "How and when the data window moves forward.",
  type: "object",
  additionalProperties: false,
  properties: {
    window: {
      description: "expanding keeps the start of the window, sliding keeps its length.",
      enum: ["expanding", "sliding"],
      default: "expanding",
      examples: ["sliding"],
    },
    schedule: {
      description: "How often a retrain is proposed, drift or not.",
      enum: ["never", "weekly", "monthly"],
      default: "never",
      examples: ["monthly"],
    },
  },
  default: {},
  examples: [{ window: "expanding", schedule: "never" }],
} as const;

/** `resources`: what a training run may use. */
export const resourcesSchema = {
  title: "a block of keys such as runner and timeout_minutes",
  description: "Where the model is trained and how much it may use.",
  type: "object",
  additionalProperties: false,
  properties: {
    runner: {
      title: "the label of a runner, such as ubuntu-latest",
      description: "Label of the runner that trains the model.",
      type: "string",
      pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$",
      default: "ubuntu-latest",
      examples: ["ubuntu-latest"],
    },
    timeout_minutes: {
      description: "Minutes after which a run is stopped.",
      type: "number",
      exclusiveMinimum: 0,
      maximum: 7200,
      default: 60,
      examples: [60],
    },
    memory_gb: {
      description: "Memory the query and the training may use, in GiB.",
      type: "number",
      exclusiveMinimum: 0,
      maximum: 4096,
      default: 4,
      examples: [4],
    },
    threads: {
      description: "Threads the query and the training may use. The result does not depend on it.",
      type: "integer",
      minimum: 1,
      maximum: 256,
      default: 2,
      examples: [2],
    },
    max_rows: {
      description:
        "Most rows to train on. Of a larger train split a sample is taken, by a hash of features.key, or of the whole row without one; the test split stays whole. Left out, all are trained on.",
      type: "integer",
      minimum: 100,
      maximum: 1_000_000_000,
      examples: [2_000_000],
    },
  },
  default: {},
  examples: [{ runner: "ubuntu-latest", timeout_minutes: 60 }],
} as const;

const whenSchema = {
  title: "conditions such as { clean_windows: 2, approval: true }",
  description:
    "When the version that runs in an environment goes on to the next by itself, all of them together. Without any, a person promotes.",
  type: "object",
  additionalProperties: false,
  minProperties: 1,
  properties: {
    clean_windows: {
      description:
        "So many windows of drift.window, one behind the other since the version runs there, must be clean. One with too few rows does not count, one that drifts begins anew.",
      type: "integer",
      minimum: 0,
      maximum: 100,
      default: 0,
      examples: [2],
    },
    approval: {
      description:
        "Whether a person must approve then: the workflow waits for the reviewers of the GitHub environment that the version goes to.",
      type: "boolean",
      default: true,
      examples: [true],
    },
  },
  examples: [{ clean_windows: 2, approval: true }],
} as const;

/** `promote`: when a version goes on from one of the repository's environments to the next. */
export const promoteSchema = {
  title: "a block of the key when",
  description: "When a version goes on from one of `environments` in mergeml.yaml to the next.",
  type: "object",
  additionalProperties: false,
  required: ["when"],
  properties: { when: whenSchema },
  examples: [{ when: { clean_windows: 2, approval: true } }],
} as const;
