import type { ModelParts, TrainerSchema } from "../../pipelines/config/model-config.ts";

/** The example of the design, word for word but for the comments. */
export const exampleText = `# yaml-language-server: $schema=../model.schema.json
name: flight-delay              # equals the folder's name; [a-z0-9-]
description: Minutes by which a flight will be late
owner: "@octo-org/ops"          # mentioned on drift issues
task: regression                # regression | classification
type: gradient-boosting         # linear | neural-network | gradient-boosting | command
seed: 42
params: { trees: 200, learning_rate: 0.1, max_leaves: 31 }   # checked against the type's own schema
features:
  engine: duckdb                # duckdb | postgres | spark
  query: features.sql           # sees the named parameters $start and $end (end exclusive)
  window: { start: 2001-01-01, end: 2001-04-01 }
  key: flight_id                # optional: one column or a list; unique, not null
  target: delay
  time: departed_at             # optional
  split: { by: time, test: 0.2 }        # time | key (hash of the key) ; stable under re-runs
  checks:                       # severity: block (default) | warn
    - { column: distance, not_null: true, between: [0, 6000] }
    - { column: origin, distinct_count: { max: 400 }, severity: warn }
    - { rows: { min: 10000 } }
thresholds:
  primary: rmse                 # what "better" means
  first_deploy: { rmse: { max: 35 } }         # the business threshold
  retrain: { mode: point }      # point (beat production's score; default) | superior | non-inferior (margin: …), confidence: 0.95
  always: { mae: { max: 18 } }                # guards for both
  slices: [ { by: origin, metric: rmse, max_regression: 10%, min_rows: 200 } ]
drift: { window: 7d, min_rows: 200, on_drift: issue }   # issue (default) | pull-request
retrain: { window: expanding, schedule: never }         # expanding | sliding; never | weekly | monthly
resources: { runner: ubuntu-latest, timeout_minutes: 60 }
`;

/** The least that makes a model. */
export const smallText = `name: tiny
task: classification
type: linear
features:
  target: damage
thresholds:
  primary: log_loss
  first_deploy: { log_loss: { max: 0.5 } }
`;

/** Trainers with every kind of param, and one that does a single task. */
const exampleTrainers: readonly TrainerSchema[] = [
  {
    name: "linear",
    summary: "Ridge and logistic regression",
    tasks: ["regression", "classification"],
    paramsSchema: {
      type: "object",
      additionalProperties: false,
      properties: { l2: { type: "number", minimum: 0, default: 1, description: "Penalty", examples: [0.1] } },
    },
  },
  {
    name: "gradient-boosting",
    summary: "Histogram trees",
    tasks: ["regression", "classification"],
    paramsSchema: {
      type: "object",
      additionalProperties: false,
      properties: {
        trees: { type: "integer", minimum: 1, maximum: 10000, default: 100, description: "Trees", examples: [200] },
        learning_rate: { type: "number", exclusiveMinimum: 0, default: 0.1, description: "Rate", examples: [0.05] },
        max_leaves: { type: "integer", minimum: 2, default: 31, description: "Leaves", examples: [63] },
        loss: { enum: ["squared", "huber"], default: "squared", description: "Loss", examples: ["huber"] },
        class_weight: { type: "boolean", description: "Without a default", examples: [true] },
      },
    },
  },
  {
    name: "quantile",
    summary: "Only for numbers",
    tasks: ["regression"],
    paramsSchema: { type: "object", additionalProperties: false, properties: {} },
  },
];

/** These trainers and one engine. */
export const exampleParts: ModelParts = { trainers: exampleTrainers, engines: ["duckdb"] };
